// `npm run frames [-- <folder of venue folders>] [--json]`: every recorded session of a version that an
// adapter speaks, through that adapter. Prints what became of every stored frame, and a hash over
// (instrument, price, time) in order. Exit code 1 when a frame crashed the adapter or was lost, or when a
// price is not the venue's own digits.
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSources } from '@assay/assay/source-folder';
import { recordings } from '../recordings.ts';
import { replaySession, type SessionReport } from './replay-session.ts';
import { adapterOf, readSession, sessionFile } from './session.ts';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  allowPositionals: true,
});

process.exitCode = await main();

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write('npm run frames [-- <folder with venue folders>] [--json]\n');
    return 0;
  }
  const given = positionals[0];
  const open = recordings();
  if (given === undefined && open === undefined) {
    process.stdout.write('frames: skipped, no recorded data: set ASSAY_RECORDINGS to its folder\n');
    return 0;
  }
  const folder = given === undefined ? join(open!, 'open', 'wire') : resolve(given);
  if (!existsSync(folder)) {
    process.stderr.write(`frames: ${folder} does not exist: name a folder that holds venue folders\n`);
    return 1;
  }
  const { reports, others } = await replayAll(folder);
  if (values.json) process.stdout.write(`${JSON.stringify({ folder, reports, others }, null, 2)}\n`);
  else print(reports, others);
  if (reports.length === 0) {
    process.stderr.write(`frames: no session in ${folder} that an adapter speaks\n`);
    return 1;
  }
  return reports.some(({ violations }) => violations.length > 0) ? 1 : 0;
}

type Other = { session: string; reason: string };

async function replayAll(folder: string): Promise<{ reports: SessionReport[]; others: Other[] }> {
  const sources = await loadSources();
  const reports: SessionReport[] = [];
  const others: Other[] = [];
  for (const venue of venueFolders(folder)) {
    const session = basename(venue);
    const path = sessionFile(venue);
    if (path === undefined) continue;
    const rows = readSession(path);
    const source = adapterOf(session, rows, sources);
    if (source?.stream === undefined)
      others.push({ session, reason: 'no adapter speaks this venue or version' });
    else reports.push(replaySession(session, venue, rows, source));
  }
  return { reports, others };
}

/** The folder itself where it holds a session, and the folders in it. */
function venueFolders(folder: string): string[] {
  const inside = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .sort();
  return [folder, ...inside];
}

function print(reports: readonly SessionReport[], others: readonly Other[]): void {
  const { stdout } = process;
  const out = (line: string): void => void stdout.write(`${line}\n`);
  for (const report of reports) {
    out(
      `\n${report.session} (${report.adapter}): ${report.stored} frames, ${report.instruments} instruments`,
    );
    out(row('kind', ['frames', 'prices', 'others', 'control', 'ignored', 'errors', 'values']));
    for (const kind of report.kinds) {
      const { frames, withPrices, ofOthers, control, ignored, errors, prices } = kind;
      out(row(kind.kind, [frames, withPrices, ofOthers, control, ignored, errors, prices]));
    }
    for (const { code, frame, count, first } of report.errors)
      out(`  ${count} x ${code} (${frame}): ${first}`);
    out(`  ${report.mapped} listed instruments map both ways`);
    out(`  sha256 of ${report.prices} prices: ${report.sha256}`);
    for (const violation of report.violations) out(`  VIOLATION ${violation}`);
  }
  if (others.length > 0)
    out(`\nnot spoken by any adapter: ${others.map(({ session }) => session).join(', ')}`);
  const violations = reports.reduce((sum, report) => sum + report.violations.length, 0);
  out(`${reports.length} sessions, ${violations} violations`);
}

function row(name: string, cells: readonly (string | number)[]): string {
  return `  ${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(9)).join('')}`;
}
