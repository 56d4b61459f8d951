// Thousands of subscribers in one process, for `fan-out`. Asked to await a round, it answers when the next
// update has reached the last of them.
import { connect } from 'node:net';
import { answerWith, machineMs } from './child.ts';
import { operationId, RawSubscriber } from './raw-subscriber.ts';

export type ClientsQuestion =
  | { what: 'connect'; url: string; key: string; query: string; count: number }
  | { what: 'arm' }
  | { what: 'await-last' };
export type ClientsAnswer = { lastAtMs: number; messageBytes: number };

/** Connections opened at one time: a listener's queue is not what is measured. */
const AT_ONCE = 100;

let count = 0;
let round = 0;
const seen: number[] = [];
let missing = 0;
let lastAtMs = 0;
let messageBytes = 0;
let onLast = (): void => undefined;

answerWith<ClientsQuestion, ClientsAnswer>(async (question) => {
  if (question.what === 'connect') await connectAll(question);
  if (question.what === 'arm') {
    round += 1;
    missing = count;
  }
  if (question.what === 'await-last' && missing > 0) {
    await new Promise<void>((done) => {
      onLast = done;
    });
  }
  return { lastAtMs, messageBytes };
});

function heard(order: number, bytes: number): void {
  messageBytes = bytes;
  if (seen[order] === round) return;
  seen[order] = round;
  missing -= 1;
  if (missing > 0) return;
  lastAtMs = machineMs();
  onLast();
}

async function connectAll(question: ClientsQuestion & { what: 'connect' }): Promise<void> {
  const { url, key, query } = question;
  count = question.count;
  for (let first = 0; first < count; first += AT_ONCE) {
    const orders = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, i) => first + i);
    await Promise.all(
      orders.map(async (order) => {
        seen[order] = 0;
        if (url.startsWith('tcp:')) return await bare(url, order);
        const id = operationId(order);
        const onMessage = (message: Buffer): void => heard(order, message.length);
        return await new RawSubscriber({ url, key, query, id, onMessage }).ready;
      }),
    );
  }
}

function bare(url: string, order: number): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, resolve);
    socket.once('error', reject);
    socket.on('data', (chunk) => heard(order, chunk.length));
  });
}
