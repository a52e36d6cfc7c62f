import { defineConfig } from "vitest/config"

const common = {
  testTimeout: 30_000,
  hookTimeout: 180_000,
  // Two cores and one broker: more workers would only wait for each other.
  maxWorkers: 2
}

export default defineConfig({
  test: {
    projects: [
      { test: { ...common, name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/**/*.kafka.test.ts"] } },
      {
        test: {
          ...common,
          name: "kafka",
          include: ["test/**/*.kafka.test.ts"],
          globalSetup: ["test/support/kafkaSetup.ts"],
          testTimeout: 120_000
        }
      }
    ],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary", "text"],
      thresholds: { "src/pipeline/**": { lines: 95 }, "src/schema/**": { lines: 95 } }
    }
  }
})
