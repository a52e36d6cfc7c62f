/** Of the process, by the names that dashboards expect. */
import { counter, gauge } from "./declare.ts"

export const cpu = counter("process_cpu_seconds_total", "User and system CPU time spent, in seconds")
export const residentMemory = gauge("process_resident_memory_bytes", "Resident memory size in bytes")
export const startTime = gauge(
  "process_start_time_seconds",
  "When the process started, in seconds since the Unix epoch"
)
export const openFiles = gauge("process_open_fds", "Open file descriptors; 0 where the system does not say")
export const heapUsed = gauge("nodejs_heap_size_used_bytes", "JavaScript heap in use, in bytes")
export const heapTotal = gauge("nodejs_heap_size_total_bytes", "JavaScript heap taken from the system, in bytes")
export const external = gauge("nodejs_external_memory_bytes", "Memory of buffers outside the JavaScript heap, in bytes")
export const eventLoopActive = counter(
  "nodejs_eventloop_active_seconds_total",
  "Time in which the event loop was not idle: its rate is the share of one core that may be used up"
)
