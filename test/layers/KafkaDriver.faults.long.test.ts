import { faultSuite } from "../support/kafka/faultSuite.ts"

faultSuite({ client: "platformatic", speeds: ["slow"] })
