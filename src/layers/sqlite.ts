/**
 * SQLite as Node carries it, and the place of the local log's file. The module is loaded when first asked for, so that the
 * program links on a Node without it.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import type { DatabaseSync, DatabaseSyncOptions } from "node:sqlite"
import { Predicate } from "effect"

export const logFile = (dataDir: string): string => join(dataDir, "log.sqlite")

/** Node 22 calls the module experimental and says so on stderr: it is loaded synchronously, so nothing else is silenced. */
const load = () => {
  const emitWarning = process.emitWarning
  process.emitWarning = () => {}
  try {
    return process.getBuiltinModule("node:sqlite")
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Throws what the database throws; an `Error` too where this Node has no SQLite. */
export const open = (file: string, options: DatabaseSyncOptions): DatabaseSync => {
  const sqlite: ReturnType<typeof load> | undefined = load()
  if (sqlite === undefined) throw new Error(`Node ${process.version} has no node:sqlite; Node 22.19 or later has`)
  if (options.readOnly === true && !existsSync(file)) throw new Error("no such file")
  return new sqlite.DatabaseSync(file, options)
}

export const reasonOf = (error: unknown): string => (Predicate.isError(error) ? error.message : String(error))

const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IO_ERROR = 10
const FULL = 13
const CANNOT_OPEN = 14
const PASSING = new Set([BUSY, LOCKED, READONLY, IO_ERROR, FULL, CANNOT_OPEN])

/** Whether the fault lies outside the database and may pass: another writer, a full disk, a file system that went away. */
export const mayPass = (error: unknown): boolean =>
  Predicate.hasProperty(error, "errcode") && Predicate.isNumber(error.errcode) && PASSING.has(error.errcode & 0xff)
