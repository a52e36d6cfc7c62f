import { launched } from "../Command.ts"

export const launch = async (): Promise<void> => {
  const { main } = await import("../../Connector.ts")
  main()
}

export const run = launched(
  {
    name: "run",
    summary: "Run the connector",
    description:
      "Run the connector until it is stopped (SIGINT, SIGTERM); what it has received is stored before it ends. The same as no command.",
    examples: [["", "With the settings of the environment and of .env"]],
    exits: {
      0: "stopped, and everything received is stored, or waits on the disk for the next start",
      1: "anything else; the log's last line says why",
      2: "wrong usage",
      130: "stopped a second time, before everything was stored"
    },
    flags: {}
  },
  launch
)
