/**
 * Shows what `/events` says: the whole report at first, then what has changed, once a second. Of the streams only the rows in
 * sight are in the document, and only text that differs is written.
 */

/** A row on the wire: its place in `names`, then these. */
const [RATE, LAST_AT, LAST_ID, OPEN, FILLED, DUPLICATES, TROUBLE, LOST] = [1, 2, 3, 4, 5, 6, 7, 8]

/** After so long without a word the connector is not there. */
const SILENT_MS = 5000
const RETRY_MS = 5000
const CHART_POINTS = 60
/** The table shows so many before it scrolls. */
const MOST_ROWS = 12

/** What was heard within this time is heard. */
const HEARD_MS = 30_000
/** So late is worth a colour: as `Lateness.ts` has it. */
const LATE_MS = 5000

/** A fact that takes the whole width. */
const LONG_TEXT = 60

const WORDS = {
  ok: "OK",
  degraded: "Degraded",
  unready: "Unready",
  unreachable: "Unreachable",
  waiting: "Waiting"
}

const $ = (id) => document.getElementById(id)

const setText = (node, text) => {
  if (node.textContent !== text) node.textContent = text
}
const setTone = (node, tone) => {
  if (tone === undefined) delete node.dataset.tone
  else node.dataset.tone = tone
}

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

// --- Figures as text ---

const whole = new Intl.NumberFormat("en")
const rateText = (rate) => (rate >= 100 ? whole.format(Math.round(rate)) : rate.toFixed(1))
const millisText = (ms) => (ms < 0 ? `−${positiveText(-ms)}` : positiveText(ms))
const positiveText = (ms) => (ms < 10 ? `${ms.toFixed(1)} ms` : ms < 10_000 ? `${Math.round(ms)} ms` : spanText(ms))
const spanText = (ms) => {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  const hours = Math.floor(seconds / 3600)
  return hours < 48 ? `${hours} h ${Math.floor((seconds % 3600) / 60)} min` : `${Math.floor(hours / 24)} days`
}
const bytesText = (bytes) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"]
  const step = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${step === 0 ? bytes : (bytes / 1024 ** step).toFixed(1)} ${units[step]}`
}
const agoText = (at) => `${spanText(report.at - at)} ago`
const timeText = (at) => new Date(at).toLocaleTimeString("en-GB")
const known = (value, text) => (value === null ? "–" : text(value))

// --- What is known ---

/** The report's parts by name, as they came last. */
let report = {}
/** By stream, in the order of `report.names`. */
let rows = []
/** The places of the names in their own order. */
let ranks = []
const history = []

/** Where each of the names stands among them. */
const ranksOf = (names) => {
  const sorted = names.map((name, place) => [name, place]).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const found = []
  for (const [rank, [, place]] of sorted.entries()) found[place] = rank
  return found
}

// --- The table of streams ---

const COLUMNS = [
  { title: "Stream", label: "", text: (row) => report.names[row[0]], order: (row) => ranks[row[0]] },
  { title: "Events/s", label: "", text: (row) => rateText(row[RATE]), order: (row) => -row[RATE] },
  {
    title: "Last message",
    label: "",
    text: (row) => known(row[LAST_AT], (at) => agoText(at)),
    order: (row) => row[LAST_AT] ?? 0
  },
  { title: "Last id", label: "id", text: (row) => known(row[LAST_ID], String), order: (row) => -(row[LAST_ID] ?? 0) },
  { title: "Gaps open", label: "open", text: (row) => whole.format(row[OPEN]), order: (row) => -row[OPEN] },
  { title: "Filled", label: "filled", text: (row) => whole.format(row[FILLED]), order: (row) => -row[FILLED] },
  { title: "Lost", label: "lost", text: (row) => whole.format(row[LOST]), order: (row) => -row[LOST] },
  {
    title: "Duplicates",
    label: "dup",
    text: (row) => whole.format(row[DUPLICATES]),
    order: (row) => -row[DUPLICATES]
  }
]

let sorting = { column: 0, reversed: false }
let shown = []
/** Row elements, used again for whatever is in sight. */
const pool = []

const makeRow = () => {
  const cells = COLUMNS.map(({ label }, index) =>
    element("td", { role: "cell", "data-label": label, ...(index > 0 ? { class: "number" } : {}) })
  )
  const name = element("span")
  const trouble = element("span", { class: "trouble" })
  cells[0].append(name, trouble)
  const row = element("tr", { role: "row" }, ...cells)
  $("rows").append(row)
  return { row, cells: [name, ...cells.slice(1)], trouble }
}

const drawRows = () => {
  const viewport = $("viewport")
  const height = parseFloat(getComputedStyle(viewport).getPropertyValue("--row"))
  const first = Math.max(0, Math.floor(viewport.scrollTop / height) - 4)
  const count = Math.min(shown.length - first, Math.ceil(viewport.clientHeight / height) + 8)
  while (pool.length < count) pool.push(makeRow())
  for (const [place, { cells, row, trouble }] of pool.entries()) {
    row.hidden = place >= count
    if (row.hidden) continue
    const data = shown[first + place]
    row.setAttribute("aria-rowindex", String(first + place + 2))
    row.style.transform = `translateY(${(first + place) * height}px)`
    for (const [index, column] of COLUMNS.entries()) setText(cells[index], column.text(data))
    setText(trouble, data[TROUBLE] ?? "")
    trouble.title = data[TROUBLE] ?? ""
    setTone(cells[2], data[TROUBLE]?.includes("(mute)") ? "warn" : undefined)
    setTone(cells[4], data[OPEN] > 0 ? "warn" : undefined)
    for (const [cell, figure] of [FILLED, LOST, DUPLICATES].entries())
      cells[5 + cell].toggleAttribute("data-none", data[figure] === 0)
  }
  $("rows").style.height = `${shown.length * height}px`
}

const drawStreams = () => {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean)
  const onlyTroubled = $("troubled").checked
  shown = rows.filter(
    (row) =>
      words.every((word) => report.names[row[0]].toLowerCase().includes(word)) &&
      (!onlyTroubled || row[TROUBLE] !== null || row[OPEN] > 0)
  )
  const { column, reversed } = sorting
  const { order } = COLUMNS[column]
  shown.sort((a, b) => (reversed ? order(b) - order(a) : order(a) - order(b)) || a[0] - b[0])
  $("viewport").style.setProperty("--rows", String(Math.min(rows.length, MOST_ROWS)))
  setText($("count"), `${whole.format(shown.length)} of ${whole.format(rows.length)}`)
  $("rows").parentElement.setAttribute("aria-rowcount", String(shown.length + 1))
  drawRows()
}

const sortBy = (column, reversed) => {
  sorting = { column, reversed }
  for (const [index, head] of [...$("columns").children].entries()) {
    if (index === column) head.setAttribute("aria-sort", reversed ? "descending" : "ascending")
    else head.removeAttribute("aria-sort")
  }
  $("sort").value = String(column)
  drawStreams()
}

for (const [index, { title }] of COLUMNS.entries()) {
  const button = element("button", { type: "button" }, title)
  button.addEventListener("click", () => sortBy(index, sorting.column === index && !sorting.reversed))
  $("columns").append(
    element("th", { role: "columnheader", scope: "col", ...(index > 0 ? { class: "number" } : {}) }, button)
  )
  $("sort").append(element("option", { value: String(index) }, title))
}

// --- The other parts ---

/** As many children as there are items, made by `make` and filled by `fill`. */
const drawList = (parent, items, make, fill) => {
  while (parent.children.length > items.length) parent.lastElementChild.remove()
  while (parent.children.length < items.length) parent.append(make())
  for (const [index, item] of items.entries()) fill(parent.children[index], item)
}

/** Each a label, a text and perhaps a tone. */
const drawFacts = (parent, facts) =>
  drawList(
    parent,
    facts,
    () => element("div", {}, element("dt"), element("dd")),
    (fact, [title, text, tone]) => {
      const [label, value] = fact.children
      fact.toggleAttribute("data-long", text.length > LONG_TEXT)
      setText(label, title)
      setText(value, text)
      setTone(value, tone)
    }
  )

const CONNECTION_LABELS = ["Name", "State", "Host", "Streams", "Frames/s", "Latency", "Open for", "Next rollover"]
const STATE_TONES = { up: "good", starting: "warn", down: "bad" }

const makeConnection = () =>
  element(
    "tr",
    { role: "row" },
    ...CONNECTION_LABELS.map((label, index) =>
      element("td", { role: "cell", "data-label": label, ...(index > 2 ? { class: "number" } : {}) })
    )
  )

const stateText = ({ detail, downSince, retryAt, state }) => {
  if (state === "up") return "up"
  const since = downSince === null ? "" : ` for ${spanText(report.at - downSince)}`
  const next = retryAt === null || retryAt <= report.at ? "" : `; next try in ${spanText(retryAt - report.at)}`
  return `${state}${since}: ${detail}${next}`
}

const fillConnection = (row, connection) => {
  const { frames, host, latencyMs, name, rate, rolloverAt, since, state, streams } = connection
  const texts = [
    name,
    stateText(connection),
    host ?? "–",
    whole.format(streams),
    rateText(rate),
    known(latencyMs, millisText),
    known(since, (at) => spanText(report.at - at)),
    known(rolloverAt, (at) => `in ${spanText(at - report.at)}`)
  ]
  for (const [index, text] of texts.entries()) setText(row.children[index], text)
  setTone(row.children[1], STATE_TONES[state])
  setTone(row.children[5], Math.abs(latencyMs ?? 0) < LATE_MS ? undefined : "warn")
  row.title = `${whole.format(frames)} frames since the start`
}

const drawRest = ({ rest }) => {
  $("rest").hidden = rest === null
  if (rest === null) return
  const { answeredAt, failingSince, fault, usedWeight } = rest
  const state =
    fault !== null
      ? [`does not answer for ${spanText(report.at - failingSince)}: ${fault}`, "bad"]
      : [answeredAt === null ? "not asked yet" : `answered ${agoText(answeredAt)}`]
  drawFacts($("rest"), [
    ["History (REST)", ...state],
    ["Weight used", known(usedWeight, (weight) => `${whole.format(weight)} in the minute of its last answer`)]
  ])
}

const drawSink = ({ kafka, sink, spool }) => {
  setText($("sink-title"), kafka === null ? `Sink: ${sink.name}` : "Kafka")
  const state = ["State", sink.state === "up" ? "up" : `${sink.state}: ${sink.detail}`, STATE_TONES[sink.state]]
  if (kafka === null) return drawFacts($("sink"), [state])
  const { acks, batchRecords, failures, inFlight, lastError, rate, records, sendMs, waitingBytes, waitingRecords } =
    kafka
  return drawFacts($("sink"), [
    state,
    ["Acknowledged", `${whole.format(records)} records in ${whole.format(acks)} sends, ${rateText(rate)}/s`],
    ["In flight", `${inFlight} sends`],
    [
      "In memory",
      `${whole.format(waitingRecords)} records, ${bytesText(waitingBytes)}${spool?.records > 0 ? ", of those in the spool" : ""}`
    ],
    ["Batch size", known(batchRecords, (mean) => `${mean.toFixed(1)} records`)],
    [
      "Send time",
      sendMs === null ? "–" : ["p50", "p95", "p99"].map((name) => `${name} ${millisText(sendMs[name])}`).join(" · ")
    ],
    ["Failed sends", whole.format(failures)],
    [
      "Last error",
      lastError === null
        ? "none"
        : `${lastError.kind}, ${agoText(lastError.at)}: ${lastError.where}: ${lastError.message}`
    ]
  ])
}

const spoolState = ({ fault, records }) => {
  if (fault !== null) return ["State", `takes nothing: ${fault}`, "bad"]
  return records > 0 ? ["State", "records wait on the disk", "warn"] : ["State", "empty"]
}

const drawSpool = ({ spool }) => {
  if (spool === null) return drawFacts($("spool"), [["State", "none: what is not stored waits in memory"]])
  const { bytes, dropped, fault, growth, limit, records, since } = spool
  const left =
    fault === null && records > 0 && growth > 0 ? `, full in ${spanText(((limit - bytes) / growth) * 1000)}` : ""
  return drawFacts($("spool"), [
    spoolState(spool),
    ["Records", whole.format(records)],
    ["Size", `${bytesText(bytes)} of ${bytesText(limit)}${left}`],
    ["Since", known(since, agoText)],
    ["Not kept", `${whole.format(dropped)} records`, dropped > 0 ? "bad" : undefined]
  ])
}

const makeEvent = () => element("li", {}, element("time"), element("strong"), element("span"), element("small"))

const drawEvents = (parent, events, none, texts) => {
  if (events.length === 0) return parent.replaceChildren(element("li", { class: "none" }, none))
  if (parent.firstElementChild?.className === "none") parent.replaceChildren()
  return drawList(parent, events, makeEvent, (item, event) => {
    const [time, ...others] = item.children
    setText(time, timeText(event.at))
    time.dateTime = new Date(event.at).toISOString()
    for (const [index, text] of texts(event).entries()) setText(others[index], text)
  })
}

const drawContinuity = ({ continuity }) =>
  drawEvents(
    $("continuity"),
    continuity,
    "nothing to tell yet",
    ({ from, late, reason, stream, streams, to, type }) => [
      type,
      streams > 1 ? `${stream} and ${streams - 1} more` : stream,
      [from === null ? "" : from === to ? `${from}` : `${from} to ${to}`, reason, late ? "late" : ""]
        .filter(Boolean)
        .join(" · ")
    ]
  )

const drawLetters = ({ deadLetters }) =>
  drawEvents($("letters"), deadLetters.latest, "none since the start", ({ field, reason, stream }) => [
    stream,
    field === null ? "" : `field ${field || "(the whole)"}`,
    reason
  ])

const drawState = (state, reasons) => {
  document.body.dataset.state = state
  setText($("state"), WORDS[state])
  $("reasons").hidden = reasons.length === 0
  drawList($("reasons"), reasons, () => element("li"), setText)
  document.title = `${WORDS[state]} · binance-kafka-connector`
}

const drawFigures = ({ at, deadLetters, kafka, rate, spool, troubles }) => {
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0)
  setText($("rate"), rateText(rate))
  setText($("heard"), whole.format(rows.filter((row) => row[LAST_AT] !== null && at - row[LAST_AT] < HEARD_MS).length))
  setText($("of"), `of ${whole.format(rows.length)} in ${HEARD_MS / 1000} s`)
  setText($("gaps"), whole.format(sum(OPEN)))
  const lost = sum(LOST)
  setText($("filled"), `${whole.format(sum(FILLED))} filled${lost > 0 ? `, ${whole.format(lost)} lost` : ""}`)
  setText($("waiting"), whole.format(spool?.records || (kafka?.waitingRecords ?? 0)))
  setText($("dead"), whole.format(deadLetters.total))
  setTone($("dead"), troubles.some(({ name }) => / \((?:dead letters|refused)\)$/.test(name)) ? "warn" : undefined)
  const top = Math.max(...history, 1)
  const points = history.map((value, index) => {
    const x = CHART_POINTS - history.length + index
    return `${x},${(26 - (24 * value) / top).toFixed(1)}`
  })
  $("chart").setAttribute("points", points.join(" "))
}

const isPaused = () => $("pause").getAttribute("aria-pressed") === "true"

const draw = () => {
  if (isPaused()) return
  drawState(report.state, report.reasons)
  const group = report.group === undefined ? "" : ` · ${report.group.id}: ${report.group.detail}`
  setText($("program"), `${report.instance} · up ${spanText(report.at - report.startedAt)}${group}`)
  drawFigures(report)
  drawList($("connections"), report.connections, makeConnection, fillConnection)
  drawRest(report)
  drawSink(report)
  drawSpool(report)
  drawContinuity(report)
  drawLetters(report)
  drawStreams()
}

// --- From the wire ---

let heardAt = performance.now()

const receive = ({ data }) => {
  heardAt = performance.now()
  const { rows: changed, ...parts } = JSON.parse(data)
  // The whole report: another process may answer now.
  if (parts.names !== undefined) rows = []
  report = { ...report, ...parts }
  if (parts.names !== undefined) ranks = ranksOf(parts.names)
  for (const row of changed) rows[row[0]] = row
  if (history.push(report.rate) > CHART_POINTS) history.shift()
  draw()
}

const listen = () => {
  const source = new EventSource("events")
  source.addEventListener("message", receive)
  // The browser connects again by itself, unless it was turned away.
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS)
  })
}

setInterval(() => {
  const silent = performance.now() - heardAt
  if (silent > SILENT_MS) drawState("unreachable", [`nothing was heard from the connector for ${spanText(silent)}`])
}, 1000)

$("filter").addEventListener("input", drawStreams)
$("troubled").addEventListener("change", drawStreams)
$("sort").addEventListener("change", () => sortBy(Number($("sort").value), false))
$("viewport").addEventListener("scroll", drawRows, { passive: true })
addEventListener("resize", drawRows)
$("pause").addEventListener("click", () => {
  const paused = !isPaused()
  $("pause").setAttribute("aria-pressed", String(paused))
  if (!paused && report.names !== undefined) draw()
})
sortBy(0, false)
listen()
