// The dispatcher of the benches. In: names (and arguments for them). Out: a table on stdout and, per bench, a
// file in results/ with the machine named, which is committed. A bench is `<name>.bench.ts` in this folder
// and exports `run`.
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench, BenchRow } from './bench-row.ts';

const FOLDER = import.meta.dirname;
const RESULTS = join(FOLDER, 'results');

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const known = globSync('*.bench.ts', { cwd: FOLDER })
    .map((file) => basename(file, '.bench.ts'))
    .sort();
  const name = args[0];
  if (name === undefined) {
    process.stdout.write(`benches: ${known.join(', ') || 'none'}\nrun one with: npm run bench -- <name>\n`);
    return 0;
  }
  if (!known.includes(name)) {
    process.stderr.write(`There is no bench "${name}". Known: ${known.join(', ') || 'none'}.\n`);
    return 1;
  }
  const rows = await runOf(name, args.slice(1));
  process.stdout.write(`${name}\n${table(rows)}`);
  mkdirSync(RESULTS, { recursive: true });
  const result = { name, machine: machine(), node: process.version, date: new Date().toISOString(), rows };
  writeFileSync(join(RESULTS, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  return rows.some((row) => row.met === false) ? 1 : 0;
}

async function runOf(name: string, args: readonly string[]): Promise<BenchRow[]> {
  const file = join(FOLDER, `${name}.bench.ts`);
  const module = (await import(pathToFileURL(file).href)) as { run: Bench };
  return module.run(args);
}

function machine(): string {
  const cores = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} x ${cores[0]?.model.trim() ?? 'unknown'}, ${gibibytes} GiB, ${type()} ${release()}`;
}

function table(rows: readonly BenchRow[]): string {
  const cells = rows.map((row) => [
    row.what,
    figure(row.value),
    row.unit,
    row.control === undefined ? '' : figure(row.control),
    row.ratio === undefined ? '' : figure(row.ratio),
    row.target ?? '',
    row.met === undefined ? '' : row.met ? 'met' : 'MISSED',
  ]);
  const lines = [['what', 'value', 'unit', 'control', 'ratio', 'target', ''], ...cells];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  // Words to the left, figures to the right.
  const pad = (text: string, column: number) =>
    column === 1 || column === 3 || column === 4
      ? text.padStart(widths[column]!)
      : text.padEnd(widths[column]!);
  return lines.map((line) => `  ${line.map(pad).join('  ').trimEnd()}\n`).join('');
}

function figure(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}
