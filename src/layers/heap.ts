/**
 * How V8 keeps the heap; loaded before anything else is.
 *
 * - It grows to twice what lives in it, where V8 would let it grow to four times in a flood: half the memory for some more short
 *   collections.
 * - Everything begins among what is new. Records that wait a moment for Kafka let V8 believe that such objects live long; it would
 *   then make them among what is old, where all they lead to outlives them until the whole heap is collected.
 */
import v8 from "node:v8"

v8.setFlagsFromString("--heap-growing-percent=100")
v8.setFlagsFromString("--no-allocation-site-pretenuring")
