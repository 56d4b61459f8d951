// The control interface of the sandbox: read its state, set and clear faults, change the regime. In: method,
// path and body.
// Out: status and JSON. Bad input gets 400 and a sentence that names field, value and what is allowed.
import { isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { FAULT_KINDS, notNow, objectOf, oneOf, readDuration, readFaultRequest, readSpeed } from './faults.ts';
import { RecordedMarket } from './recording.ts';
import { REFERENCE_USD, REGIMES } from './regimes.ts';
import type { Sandbox } from './sandbox.ts';
import { describeFaults, type VenueHost } from './venue-host.ts';

export type ControlAnswer = { status: number; body: unknown };

/** Addresses by venue and role, as the ready line prints them. */
export type VenueAddresses = Record<string, Partial<Record<'rest' | 'stream', string>>>;

export function answerControl(
  sandbox: Sandbox,
  addresses: VenueAddresses,
  request: { method: string; path: string; body: string },
): ControlAnswer {
  try {
    return route(sandbox, addresses, request);
  } catch (error) {
    if (isAssayError(error, 'RECORD_INVALID')) return { status: 400, body: { error: error.message } };
    return { status: 500, body: { error: messageOf(error) } };
  }
}

function route(
  sandbox: Sandbox,
  addresses: VenueAddresses,
  request: { method: string; path: string; body: string },
): ControlAnswer {
  const { method, path, body } = request;
  if (method === 'GET' && path === '/state') return { status: 200, body: stateOf(sandbox) };
  if (method === 'GET' && path === '/faults') return { status: 200, body: describeFaults() };
  if (method === 'GET' && path === '/venues') {
    const venues = [...sandbox.hosts.values()].map((host) => venueOf(host, addresses));
    return { status: 200, body: venues };
  }
  const shown = /^\/venues\/([^/]+)$/.exec(path)?.[1];
  if (method === 'GET' && shown !== undefined) {
    const host = sandbox.host(decodeURIComponent(shown));
    return { status: 200, body: { ...venueOf(host, addresses), prices: pricesOf(host) } };
  }
  if (method === 'POST' && path === '/faults') {
    const fault = readFaultRequest(readJson(body), [...sandbox.hosts.keys()]);
    sandbox.setFault(fault);
    return { status: 200, body: venueOf(sandbox.host(fault.venue), addresses) };
  }
  const cleared = /^\/faults\/([^/]+)$/.exec(path)?.[1];
  if (method === 'DELETE' && cleared !== undefined) {
    const host = sandbox.host(decodeURIComponent(cleared));
    host.clearFaults();
    return { status: 200, body: venueOf(host, addresses) };
  }
  if (method === 'POST' && path === '/regime') {
    const order = objectOf(readJson(body));
    const streamed = [...sandbox.hosts.values()].filter((host) => host.definition.paths.stream !== undefined);
    const ids = streamed.map((host) => host.definition.id);
    const venue = order.venue === undefined ? undefined : oneOf('venue', order.venue, ids);
    sandbox.setRegime(oneOf('regime', order.regime, REGIMES), readDuration(order.forMs), venue);
    return { status: 200, body: stateOf(sandbox) };
  }
  if (method === 'POST' && path === '/speed') {
    setSpeed(sandbox, objectOf(readJson(body)).speed);
    return { status: 200, body: stateOf(sandbox) };
  }
  const known =
    'GET /state, GET /venues, GET /venues/{venue}, GET /faults, POST /faults, DELETE /faults/{venue}, POST /regime, POST /speed';
  return { status: 404, body: { error: `${method} ${path} does not exist; known are ${known}` } };
}

function stateOf(sandbox: Sandbox): unknown {
  const dollars = Object.keys(REFERENCE_USD)
    .filter((asset) => asset !== 'USD')
    .map((asset) => [asset, sandbox.market.dollars(asset)] as const);
  const faulty = [...sandbox.hosts.values()].filter((host) => host.faults.length > 0);
  return {
    profile: 'sandbox',
    seed: sandbox.seed,
    now: new Date(sandbox.nowMs).toISOString(),
    regime: sandbox.regime ?? 'recording',
    ...recordingOf(sandbox),
    regimes: REGIMES,
    faultKinds: Object.keys(FAULT_KINDS),
    ...(sandbox.regimeUntilMs === undefined
      ? {}
      : { regimeUntil: new Date(sandbox.regimeUntilMs).toISOString() }),
    dollars: Object.fromEntries(dollars.filter(([, price]) => price !== undefined)),
    faults: Object.fromEntries(faulty.map((host) => [host.definition.id, host.faults.map(faultOf)])),
  };
}

function recordingOf(sandbox: Sandbox): object {
  const market = sandbox.market;
  if (!(market instanceof RecordedMarket)) return {};
  const { name, toMs } = market.recording;
  const at = new Date(market.recordedMs).toISOString();
  return { recording: { name, at, speed: market.speed, hasEnded: market.recordedMs >= toMs } };
}

function setSpeed(sandbox: Sandbox, speed: unknown): void {
  if (!(sandbox.market instanceof RecordedMarket)) {
    throw notNow('speed', speed, 'the market is simulated; only a recording has a speed');
  }
  sandbox.market.speed = readSpeed(speed);
}

function venueOf(host: VenueHost, addresses: VenueAddresses): Record<string, unknown> {
  const { id, name } = host.definition;
  return {
    id,
    name,
    faults: host.faults.map(faultOf),
    connections: host.connectionCount,
    requests: host.requestCount,
    frames: host.frameCount,
    pairs: host.board.listed().length,
    endpoints: addresses[id] ?? {},
  };
}

function pricesOf(host: VenueHost): unknown {
  return host.board.listed().map((row) => ({
    pair: row.pair,
    price: row.price.toFixed(row.listing.decimals),
    tradedAt: new Date(row.tradedAt).toISOString(),
  }));
}

function faultOf(fault: { kind: string; value: number; untilMs?: number }): unknown {
  const { kind, value, untilMs } = fault;
  return { kind, value, until: untilMs === undefined ? null : new Date(untilMs).toISOString() };
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
