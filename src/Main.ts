#!/usr/bin/env node
import "./layers/NodeVersion.ts"
import process from "node:process"

// The connector does not load the commands, nor they the connector.
const args = process.argv.slice(2)
const isRun = args.length === 0 || (args.length === 1 && args[0] === "run")
if (isRun) await import("./Connector.ts").then(({ main }) => main())
else await import("./Cli.ts").then(({ main }) => main(args))
