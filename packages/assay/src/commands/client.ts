// How a command talks to the running program: through its API, with a key, like any client.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AssayError, messageOf } from '@assay/kernel/errors/assay-error';
import type { Settings } from '../config/settings.ts';
import { profileFolder } from '../process/data-folder.ts';
import { type RunFile, readRunFile, SANDBOX_KEY_FILE } from '../process/run-file.ts';
import { type Command, type Invocation, text } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const CLIENT_FLAGS: Command['flags'] = {
  url: { value: 'URL', about: 'Address of the API; default that of the program on this data folder' },
  key: { value: 'KEY', about: 'API key; default ASSAY_API_KEY, in the sandbox the key of its data folder' },
};

/** An answer takes milliseconds; a minute would hide a dead program. */
const TIMEOUT_MS = 10_000;

export type Client = {
  settings: Settings;
  run: RunFile | undefined;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  open(path: string, signal: AbortSignal): Promise<Response>;
};

/** @throws AssayError NOT_RUNNING */
export function clientOf(invocation: Invocation): Client {
  const settings = settingsOf(invocation);
  const run = readRunFile(settings.data, settings.profile);
  const url = text(invocation.flags, 'url') ?? run?.api;
  if (url === undefined) {
    throw new AssayError(
      'NOT_RUNNING',
      `no Assay is running on ${profileFolder(settings.data, settings.profile)}`,
    );
  }
  const key = text(invocation.flags, 'key') ?? invocation.env.ASSAY_API_KEY ?? sandboxKey(settings);
  const open = async (path: string, signal: AbortSignal, body?: unknown): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${url.replace(/\/$/, '')}${path}`, {
        headers: {
          'x-api-key': key ?? '',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        signal,
      });
    } catch (cause) {
      throw new AssayError('NOT_RUNNING', `${url} does not answer: ${messageOf(cause)}`, { cause });
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  };
  return {
    settings,
    run,
    open,
    post: async <T>(path: string, body: unknown) =>
      (await (await open(path, AbortSignal.timeout(TIMEOUT_MS), body)).json()) as T,
    get: async <T>(path: string) => (await (await open(path, AbortSignal.timeout(TIMEOUT_MS))).json()) as T,
  };
}

async function problemOf(response: Response): Promise<AssayError> {
  const body = (await response.json().catch(() => ({}))) as {
    detail?: string;
    title?: string;
    recovery?: string;
  };
  const message = body.detail ?? body.title ?? `the API answered ${response.status}`;
  if (response.status === 401) {
    return new AssayError('USAGE', message, {
      recovery: 'Give a key with --key or ASSAY_API_KEY (`assay keys create` makes one).',
    });
  }
  const recovery = body.recovery === undefined ? {} : { recovery: body.recovery };
  return new AssayError(response.status === 404 ? 'NOT_FOUND' : 'USAGE', message, recovery);
}

function sandboxKey(settings: Settings): string | undefined {
  try {
    return readFileSync(
      join(profileFolder(settings.data, settings.profile), SANDBOX_KEY_FILE),
      'utf8',
    ).trim();
  } catch {
    return undefined; // only the sandbox keeps its key; the API will say what is missing
  }
}
