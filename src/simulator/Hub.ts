/**
 * Who gets what: a channel for every stream name that somebody is subscribed to. A payload is written once for each form
 * that is asked for (time unit, wrapped or raw) and shared by all who want that form.
 */
import { Frame } from "./Frame.ts"
import type { Poll, Render } from "./polls.ts"
import type { TimeUnit } from "./time.ts"

export interface Subscriber {
  readonly unit: TimeUnit
  /** Wrapped in `{"stream":…,"data":…}`. */
  readonly combined: boolean
  readonly push: (frame: Frame) => void
}

export interface Channel {
  readonly name: string
  readonly poll: Poll | undefined
  /** When it is polled next, ms. */
  due: number
  readonly subscribers: Set<Subscriber>
}

/** What a client whose stream has gone mute must do to get it again. */
export type Cure = "subscribe anew" | "connect anew"

export class Hub {
  readonly #channels = new Map<string, Channel>()
  readonly #muted = new Set<string>()
  /** By stream, those that get it no more. */
  readonly #deaf = new Map<string, WeakMap<Subscriber, Cure>>()
  readonly #open: (name: string) => Poll | undefined

  constructor(open: (name: string) => Poll | undefined) {
    this.#open = open
  }

  get channels(): Iterable<Channel> {
    return this.#channels.values()
  }

  /** The channel of a name, if anybody listens. */
  channel(name: string): Channel | undefined {
    return this.#channels.get(name)
  }

  /** Any name is taken; those that mean nothing stay silent, as the exchange's do. */
  subscribe(name: string, subscriber: Subscriber): void {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = { name, poll: this.#open(name), due: 0, subscribers: new Set() }
      this.#channels.set(name, channel)
    }
    channel.subscribers.add(subscriber)
  }

  unsubscribe(name: string, subscriber: Subscriber): void {
    const deaf = this.#deaf.get(name)
    if (deaf?.get(subscriber) === "subscribe anew") deaf.delete(subscriber)
    const channel = this.#channels.get(name)
    if (channel === undefined || !channel.subscribers.delete(subscriber) || channel.subscribers.size > 0) return
    channel.poll?.close()
    this.#channels.delete(name)
  }

  /** The exchange goes silent on these streams. */
  mute(name: string): void {
    this.#muted.add(name)
  }
  unmute(name: string): void {
    this.#muted.delete(name)
  }

  /** Those who are subscribed now get nothing of the stream any more, until they do what helps. */
  deafen(name: string, cure: Cure): void {
    const deaf = this.#deaf.get(name) ?? new WeakMap<Subscriber, Cure>()
    this.#deaf.set(name, deaf)
    for (const subscriber of this.#channels.get(name)?.subscribers ?? []) deaf.set(subscriber, cure)
  }

  publish(channel: Channel, render: Render): void {
    if (this.#muted.has(channel.name)) return
    const deaf = this.#deaf.get(channel.name)
    const frames = new Map<string, Frame>()
    for (const subscriber of channel.subscribers) {
      if (deaf?.has(subscriber) === true) continue
      const form = subscriber.combined ? `combined ${subscriber.unit}` : subscriber.unit
      let frame = frames.get(form)
      if (frame === undefined) {
        const payload = render(subscriber.unit)
        frame = new Frame(
          channel.name,
          subscriber.combined ? `{"stream":${JSON.stringify(channel.name)},"data":${payload}}` : payload
        )
        frames.set(form, frame)
      }
      subscriber.push(frame)
    }
  }
}
