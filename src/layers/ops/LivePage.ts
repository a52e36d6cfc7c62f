/**
 * `GET /`: the live page, one document without any external resource. Its sources are the three files in `page/`; its
 * Content-Security-Policy allows exactly those.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"

const sourceOf = (name: string): string => readFileSync(new URL(`page/${name}`, import.meta.url), "utf8")

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`

const load = () => {
  const css = sourceOf("live.css")
  const script = sourceOf("live.js")
  const html = sourceOf("live.html")
    .replace('<link rel="stylesheet" href="live.css" />', () => `<style>${css}</style>`)
    .replace('<script type="module" src="live.js"></script>', () => `<script type="module">${script}</script>`)
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(css)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'"
  ]
  return { html, policy: policy.join("; ") }
}

export const make = Effect.map(Effect.sync(load), ({ html, policy }) =>
  HttpServerResponse.text(html, {
    contentType: "text/html; charset=utf-8",
    headers: { "content-security-policy": policy }
  })
)
