// `assay doctor`: what is configured, reachable, missing, and the fix. Changes nothing.

import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { isAssayError, messageOf } from '@assay/kernel/errors/assay-error';
import { systemClock } from '@assay/kernel/time/clock';
import type { Outbound } from '@assay/ports/outbound/outbound';
import { aggregationConfigOf, pairsBySource, settingsOfSource } from '../config/feeds.ts';
import type { Settings } from '../config/settings.ts';
import { loadConfiguredSources } from '../configured-sources.ts';
import { openOutbound } from '../drivers.ts';
import { profileFolder } from '../process/data-folder.ts';
import { readRunFile } from '../process/run-file.ts';
import type { Command, Invocation } from './command.ts';
import { settingsOf } from './settings-of.ts';

export const doctor: Command = {
  name: 'doctor',
  usage: 'doctor',
  about: 'Checks Node, settings, data folder, ports and (live profile) the way to every venue',
  flags: {},
  run,
};

type Finding = { what: string; isGood: boolean; detail: string; fix?: string };

/** A venue that takes longer to say anything is as good as away for this purpose. */
const REACH_WITHIN_MS = 5_000;

async function run(invocation: Invocation): Promise<number> {
  const findings: Finding[] = [node()];
  try {
    const settings = settingsOf(invocation);
    const sources = await loadConfiguredSources(settings);
    const config = aggregationConfigOf(settings, sources);
    findings.push({
      what: 'settings',
      isGood: true,
      detail: `profile ${settings.profile}, ${config.feeds.length} feeds, ${config.sources.length} sources`,
    });
    findings.push(dataFolder(settings));
    findings.push(...(await ports(settings)));
    if (settings.profile === 'live') {
      const outbound = openOutbound(settings, systemClock);
      const reached = [...pairsBySource(config).keys()].map(async (id): Promise<Finding> => {
        const endpoint = settingsOfSource(settings, id).endpoints.rest ?? sources.get(id)!.endpoints.rest;
        return endpoint === undefined
          ? { what: id, isGood: true, detail: 'no address of its own' }
          : await reach(outbound, id, endpoint);
      });
      findings.push(...(await Promise.all(reached)));
      await outbound.close();
    }
  } catch (error) {
    if (!isAssayError(error)) throw error;
    findings.push({ what: 'settings', isGood: false, detail: error.message, fix: error.recovery });
  }
  if (invocation.flags.json === true) invocation.print(JSON.stringify(findings));
  else {
    for (const { what, isGood, detail, fix } of findings) {
      invocation.print(`${isGood ? 'ok  ' : 'BAD '} ${what.padEnd(16)} ${detail}`);
      if (fix !== undefined && !isGood) invocation.print(`${' '.repeat(22)}${fix}`);
    }
  }
  return findings.every(({ isGood }) => isGood) ? 0 : 1;
}

function node(): Finding {
  return {
    what: 'node',
    isGood: true,
    detail: `${process.version} ${process.platform}-${process.arch} (${process.execPath})`,
  };
}

function dataFolder(settings: Settings): Finding {
  const path = profileFolder(settings.data, settings.profile);
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    accessSync(existing, constants.W_OK);
  } catch {
    const fix = 'Choose another with --data, or make it writable.';
    return { what: 'data folder', isGood: false, detail: `${existing} cannot be written`, fix };
  }
  const { bavail, bsize } = statfsSync(existing);
  const megabytes = Math.floor((bavail * bsize) / 1_048_576);
  const needed = 512;
  return {
    what: 'data folder',
    isGood: megabytes >= needed,
    detail: `${path}, ${megabytes} MB free`,
    fix: `A day of feeds needs some ${needed} MB: free space or lower retention.topicMegabytes.`,
  };
}

async function ports(settings: Settings): Promise<Finding[]> {
  const run = readRunFile(settings.data, settings.profile);
  if (run !== undefined) return [{ what: 'ports', isGood: true, detail: `Assay runs as process ${run.pid}` }];
  const wanted = (['api', 'metrics', 'health'] as const).map((name) => ({ name, ...settings[name] }));
  return await Promise.all(
    wanted.map(async ({ name, host, port }): Promise<Finding> => {
      const problem = await listenProblem(host, port);
      return {
        what: `${name} port`,
        isGood: problem === undefined,
        detail: problem ?? `${host}:${port} is free`,
        fix: `Stop what listens there, or set ${name}.port (0 picks a free one).`,
      };
    }),
  );
}

function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(messageOf(error)));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

async function reach(outbound: Outbound, id: string, url: string): Promise<Finding> {
  try {
    const { status, durationMs } = await outbound.request({ method: 'GET', url, timeoutMs: REACH_WITHIN_MS });
    const isRefused = status === 403 || status === 451;
    return {
      what: id,
      isGood: !isRefused,
      detail: `${new URL(url).host} answers (${status}) in ${Math.round(durationMs)} ms`,
      fix: 'This venue refuses this region: remove it or use an allowed endpoint.',
    };
  } catch (error) {
    return {
      what: id,
      isGood: false,
      detail: `${new URL(url).host}: ${messageOf(error)}`,
      fix: 'Check network, DNS, HTTPS_PROXY and NO_PROXY.',
    };
  }
}
