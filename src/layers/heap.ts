/**
 * The heap grows to twice what lives in it, where V8 would let it grow to four times in a flood: half the memory for some
 * more short collections. Loaded before anything else is.
 */
import v8 from "node:v8"

v8.setFlagsFromString("--heap-growing-percent=100")
