/**
 * Where a batch goes, and when that changes:
 *
 * ```
 * Direct ──stalled──▶ Engaging ──kept──▶ Spooling ──stored──▶ Draining ──emptied──▶ Direct
 *    ▲                   │                   └───────────────emptied───────────────▶ Direct
 *    └──────unkept───────┘
 * ```
 */

/**
 * `Direct`: batches go to the sink. `Engaging`: what waits in the sink is being written to the disk, before any batch.
 * `Spooling`: batches go to the disk, the sink has stored nothing from there yet. `Draining`: it has, and they still do.
 */
export type Mode = "Direct" | "Engaging" | "Spooling" | "Draining"

export type Event =
  /** The sink stores nothing, or too slowly. */
  | "stalled"
  /** What waited in the sink is on the disk. */
  | "kept"
  /** The disk took none of it: the sink has it again. */
  | "unkept"
  /** The sink has stored something from the disk. */
  | "stored"
  /** Nothing waits on the disk. */
  | "emptied"

const next: Readonly<Record<Mode, Partial<Record<Event, Mode>>>> = {
  Direct: { stalled: "Engaging" },
  Engaging: { kept: "Spooling", unkept: "Direct" },
  Spooling: { stored: "Draining", emptied: "Direct" },
  Draining: { emptied: "Direct" }
}

/** What concerns another mode changes nothing. */
export const step = (mode: Mode, event: Event): Mode => next[mode][event] ?? mode

/** Where a batch goes; `undefined`: it waits. */
export const placeOf = (mode: Mode): "sink" | "disk" | undefined =>
  mode === "Direct" ? "sink" : mode === "Engaging" ? undefined : "disk"
