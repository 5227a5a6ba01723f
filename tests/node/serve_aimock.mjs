// Serves the OpenAI Realtime API by aimock with the fixtures of the file that is the argument, until the standard input ends.
// The first line of the standard output is its address.
import { readFileSync } from "node:fs";
import { LLMock } from "@copilotkit/aimock";

const mock = new LLMock({ port: 0, host: "127.0.0.1", logLevel: "silent" });
for (const { match, response } of JSON.parse(readFileSync(process.argv[2], "utf8")).fixtures) {
  mock.addFixture({ match, response });
}
await mock.start();
console.log(mock.url);
process.stdin.resume();
process.stdin.on("end", async () => {
  await mock.stop();
  process.exit(0);
});
