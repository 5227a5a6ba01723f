// The official JavaScript client has a conversation with the stand-in at the address that is the argument: it speaks, uses the tool
// that it is asked to use, and speaks into the answer. What it is told goes to the standard output, line by line.
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from "@openai/agents-realtime";
import { z } from "zod";

const FRAME = 480;
const tell = (line) => console.log(line);

const check = tool({
  name: "check_extension_available",
  description: "Says whether somebody can take a call.",
  parameters: z.object({ destination: z.string() }),
  execute: async ({ destination }) => {
    tell(`tool: ${destination}`);
    return "available";
  },
});
const agent = new RealtimeAgent({ name: "clara", instructions: "Answer briefly.", tools: [check] });
const transport = new OpenAIRealtimeWebSocket({ url: `${process.argv[2]}?model=gpt-realtime-2.1` });
const session = new RealtimeSession(agent, { transport, model: "gpt-realtime-2.1" });

function speak() {
  for (let number = 0; number < 60; number += 1) {
    const samples = new Int16Array(FRAME);
    if (number < 20) {
      for (let n = 0; n < FRAME; n += 1) samples[n] = n % 40 < 20 ? 6000 : -6000;
    }
    session.sendAudio(samples.buffer);
  }
}

function once(name) {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`no ${name}`)), 60_000).unref();
    session.on(name, (...told) => resolve(told));
  });
}

session.on("error", (error) => tell(`error: ${JSON.stringify(error)}`));
let heard = 0;
session.on("audio", (event) => {
  heard += event.data.byteLength;
});

await session.connect({ apiKey: "sk-sim" });
const used = once("agent_tool_end");
const answered = once("audio");
speak();
await used;
await answered;
const interrupted = once("audio_interrupted");
speak();
await interrupted;
tell("interrupted");
tell(`heard: ${heard > 0}`);
session.close();
process.exit(0);
