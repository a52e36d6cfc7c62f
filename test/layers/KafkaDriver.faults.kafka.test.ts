import { faultSuite } from "../support/kafka/faultSuite.ts"

faultSuite({ client: "kafkajs", speeds: ["quick", "slow"] }, { client: "platformatic", speeds: ["quick"] })
