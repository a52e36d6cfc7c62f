/** The live control messages: what a client's text means, and how the exchange writes its answers. */
import { Predicate, Result } from "effect"

export type RequestId = number | string | null

export type ControlRequest =
  | { readonly method: "SUBSCRIBE" | "UNSUBSCRIBE"; readonly params: ReadonlyArray<string>; readonly id: RequestId }
  | { readonly method: "LIST_SUBSCRIPTIONS"; readonly id: RequestId }
  | { readonly method: "SET_PROPERTY"; readonly combined: boolean; readonly id: RequestId }
  | { readonly method: "GET_PROPERTY"; readonly id: RequestId }

export const acknowledge = (id: RequestId, result: unknown = null): string => JSON.stringify({ result, id })

export const tooManySubscriptions = (id: RequestId): string =>
  JSON.stringify({ error: { code: 4, msg: "Too many subscriptions" }, id })

const methods = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"] as const

const isMethod = (value: unknown): value is (typeof methods)[number] => methods.some((method) => method === value)

const isRequestId = (value: unknown): value is RequestId =>
  value === null ||
  (Predicate.isNumber(value) && Number.isInteger(value)) ||
  (Predicate.isString(value) && /^[0-9A-Za-z]{0,36}$/.test(value))

const invalid = (problem: string): Result.Result<never, string> =>
  Result.fail(JSON.stringify({ code: 2, msg: `Invalid request: ${problem}` }))

const parseJson = (text: string): Result.Result<unknown, string> =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    catch: () => JSON.stringify({ code: 3, msg: "Invalid JSON: expected value at line 1 column 1" })
  })

/** A client's request, or the error to answer it with. */
export const parseControl = (text: string): Result.Result<ControlRequest, string> =>
  Result.flatMap(parseJson(text), (request): Result.Result<ControlRequest, string> => {
    if (!Predicate.isObject(request) || !("method" in request)) return invalid("missing field `method`")
    if (!isMethod(request["method"])) {
      return invalid(
        `unknown variant \`${String(request["method"])}\`, expected one of ${methods.map((name) => `\`${name}\``).join(", ")}`
      )
    }
    if (!("id" in request) || !isRequestId(request["id"])) {
      return invalid("request ID must be a signed integer, an alphanumeric string of up to 36 characters, or null")
    }
    return withParameters(request["method"], request["id"], request["params"])
  })

const withParameters = (
  method: (typeof methods)[number],
  id: RequestId,
  params: unknown
): Result.Result<ControlRequest, string> => {
  switch (method) {
    case "LIST_SUBSCRIPTIONS":
      return Result.succeed({ method, id })
    case "SUBSCRIBE":
    case "UNSUBSCRIBE":
      return Array.isArray(params) && params.every(Predicate.isString)
        ? Result.succeed({ method, params, id })
        : invalid("params must be an array of stream names")
    case "SET_PROPERTY":
    case "GET_PROPERTY":
      return property(method, id, Array.isArray(params) ? params : [])
  }
}

const property = (
  method: "SET_PROPERTY" | "GET_PROPERTY",
  id: RequestId,
  params: ReadonlyArray<unknown>
): Result.Result<ControlRequest, string> => {
  const [name, value] = params
  if (!Predicate.isString(name)) return invalid("property name must be a string")
  if (params.length > (method === "SET_PROPERTY" ? 2 : 1)) return invalid("too many parameters")
  if (name !== "combined") return Result.fail(JSON.stringify({ code: 0, msg: "Unknown property", id }))
  if (method === "GET_PROPERTY") return Result.succeed({ method, id })
  return Predicate.isBoolean(value)
    ? Result.succeed({ method, combined: value, id })
    : Result.fail(JSON.stringify({ code: 1, msg: "Invalid value type: expected Boolean" }))
}
