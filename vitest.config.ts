import { defineConfig } from "vitest/config"

const common = {
  // Only what hangs comes near these: a busy machine is no fault.
  testTimeout: 60_000,
  hookTimeout: 240_000,
  // Two cores and one broker: more workers would only wait for each other.
  maxWorkers: 2
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.{kafka,long,ops}.test.ts"]
        }
      },
      {
        test: {
          ...common,
          name: "kafka",
          include: ["test/**/*.kafka.test.ts"],
          globalSetup: ["test/support/kafkaSetup.ts"],
          testTimeout: 240_000
        }
      },
      {
        test: {
          ...common,
          name: "long",
          include: ["test/**/*.long.test.ts"],
          globalSetup: ["test/support/kafkaSetup.ts"],
          testTimeout: 300_000
        }
      },
      // With what an operator looks through: Chromium, promtool, Jaeger.
      { test: { ...common, name: "ops", include: ["test/**/*.ops.test.ts"], testTimeout: 120_000 } }
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary", "text"],
      thresholds: { "src/pipeline/**": { lines: 95 }, "src/schema/**": { lines: 95 } }
    }
  }
})
