// The sandbox as a process: nine venues on loopback ports and a control interface. In: arguments. Out: one
// line of JSON on stdout when everything listens. Invariant: it never outlives its parent: it ends when its
// standard input ends, which the operating system sees to even after kill -9 of the parent.
//   node main.ts --seed 7 --regime calm --ports 0 [--recording <folder> --speed 60]
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import { answerControl, type VenueAddresses } from './control.ts';
import { oneOf, readSpeed } from './faults.ts';
import { VENUE_IDS } from './listings.ts';
import type { Market } from './market.ts';
import { RecordedMarket, readRecording } from './recording.ts';
import { REGIMES, type Regime } from './regimes.ts';
import { Sandbox } from './sandbox.ts';
import { addressOf, bodyOf, listen, type RunningServer, serveVenue } from './server.ts';

/** Ten steps a second: a trade is never more than this late, and nine venues cost a few percent of a core. */
const STEP_MS = 100;

async function run(): Promise<void> {
  const options = readArguments();
  const clock = systemClock;
  const nowMs = clock.now();
  const sandbox = new Sandbox({
    seed: options.seed,
    nowMs,
    regime: options.regime,
    ...marketOf(options, nowMs),
  });
  const servers: RunningServer[] = [];
  const addresses: VenueAddresses = {};
  const control = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => '');
    const path = addressOf(request).pathname;
    const answer = answerControl(sandbox, addresses, {
      method: request.method ?? 'GET',
      path,
      body: body ?? '',
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  const controlPort = await listen(control, options.portOf('control'));
  for (const host of sandbox.hosts.values()) {
    const server = await serveVenue(host, clock, options.portOf(host.definition.id));
    servers.push(server);
    const { id, paths } = host.definition;
    addresses[id] = {
      ...(paths.rest === undefined ? {} : { rest: `http://127.0.0.1:${server.port}${paths.rest}` }),
      ...(paths.stream === undefined ? {} : { stream: `ws://127.0.0.1:${server.port}${paths.stream}` }),
    };
  }
  let cancelStep: () => void;
  const step = () => {
    sandbox.advance(clock.now());
    cancelStep = clock.after(STEP_MS, step);
  };
  cancelStep = clock.after(STEP_MS, step);
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    cancelStep();
    control.close();
    control.closeAllConnections();
    await Promise.all(servers.map((server) => server.close()));
    process.exit(0);
  };
  process.stdin.on('end', stop).on('close', stop).on('error', stop).resume();
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const ready = { control: `http://127.0.0.1:${controlPort}`, venues: addresses };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

type Arguments = {
  seed: number;
  regime: Regime;
  recording: string | undefined;
  speed: number;
  portOf(name: string): number;
};

function marketOf(options: Arguments, nowMs: number): { market?: Market } {
  if (options.recording === undefined) return {};
  const recording = readRecording(options.recording);
  return { market: new RecordedMarket({ recording, nowMs, speed: options.speed }) };
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      regime: { type: 'string', default: 'calm' },
      ports: { type: 'string', default: '0' },
      recording: { type: 'string' },
      speed: { type: 'string', default: '1' },
    },
  });
  return {
    seed: wholeNumber('seed', values.seed, 4_294_967_295),
    regime: oneOf('regime', values.regime, REGIMES),
    recording: values.recording,
    speed: readSpeed(Number(values.speed)),
    portOf: readPorts(values.ports),
  };
}

/**
 * 0: any free port; a base: control there and the venues behind it; an object: a port by name, 0 where none
 * is given.
 */
function readPorts(text: string): (name: string) => number {
  if (text.startsWith('{')) {
    const ports = JSON.parse(text) as Record<string, number>;
    for (const [name, port] of Object.entries(ports)) wholeNumber(`ports.${name}`, String(port), 65_535);
    return (name) => ports[name] ?? 0;
  }
  const base = wholeNumber('ports', text, 65_535 - VENUE_IDS.length);
  const order = ['control', ...VENUE_IDS];
  return (name) => (base === 0 ? 0 : base + order.indexOf(name));
}

function wholeNumber(field: string, text: string, maximum: number): number {
  const value = Number(text);
  if (text !== '' && Number.isInteger(value) && value >= 0 && value <= maximum) return value;
  throw new AssayError(
    'CONFIG_INVALID',
    `--${field} is "${text}"; it must be a whole number from 0 to ${maximum}`,
    { context: { field, value: text } },
  );
}

run().catch((error: unknown) => {
  process.stderr.write(`sandbox: ${messageOf(error)}\n`);
  process.exit(1);
});
