/**
 * How V8 works for us; loaded before anything else is.
 *
 * - The heap grows to twice what lives in it, where V8 would let it grow to four times in a flood: half the memory for some more
 *   short collections.
 * - Everything begins among what is new. Records that wait a moment for Kafka let V8 believe that such objects live long; it would
 *   then make them among what is old, where all they lead to outlives them until the whole heap is collected.
 * - What runs once for every chunk runs a hundred times a second: V8 would take it for worth its best code after half a minute.
 *   With a third of the calls that is done within the first seconds.
 */
import v8 from "node:v8"

v8.setFlagsFromString("--heap-growing-percent=100")
v8.setFlagsFromString("--no-allocation-site-pretenuring")
v8.setFlagsFromString("--invocation-count-for-turbofan=1000")
