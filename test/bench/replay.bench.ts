// `replay`: what a recorded day costs. The recorded series of March 2023 go through the production aggregator
// in virtual time; figure: processor time per recorded day, rows read beforehand. Reading the rows is a
// figure of its own, and so is a recorded frame through its adapter.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type LoadedRecording, loadRecording } from '@assay/assay/recording-files';
import { Aggregator } from '@assay/oracle/aggregation/aggregator';
import { instantsOf } from '@assay/oracle/recording/recorded-prices';
import { configOfRecording } from '@assay/oracle/recording/recording';
import { framesThroughput } from '../frames/throughput.ts';
import { recordings } from '../recordings.ts';
import type { BenchRow } from './bench-row.ts';

const TARGET_SECONDS = 0.3;
const TARGET_FRAMES = 100_000;
const DAY_MS = 86_400_000;
const ROUNDS = 3;

export async function run(): Promise<BenchRow[]> {
  const folder = recordings();
  if (folder === undefined) {
    console.log('no recorded data: set ASSAY_RECORDINGS to its folder');
    return [];
  }
  let loaded: LoadedRecording | undefined;
  const reading = cpuSeconds(() => {
    loaded = loadRecording(join(folder, 'open', 'prices', 'usdc_depeg_2023_03'));
  });
  const { recording, series } = loaded!;
  const days = (recording.toMs - recording.fromMs) / DAY_MS;
  const rows = series.reduce((sum, { prices }) => sum + prices.length, 0);
  let answers = 0;
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    answers = 0;
    costs.push(
      cpuSeconds(() => {
        const aggregator = new Aggregator();
        const config = configOfRecording(recording);
        for (const instant of instantsOf(series, { type: 'start', profile: 'bench', config }, recording)) {
          answers += aggregator.take(instant).answers.length;
        }
      }),
    );
  }
  const value = costs.sort((a, b) => a - b)[ROUNDS >> 1]! / days;
  return [
    {
      what: 'a day of 13 one-minute series',
      value,
      unit: 'CPU-seconds',
      target: `<= ${TARGET_SECONDS}`,
      met: value <= TARGET_SECONDS,
    },
    { what: 'source prices per CPU-second', value: rows / (value * days), unit: 'prices' },
    { what: 'answers', value: answers, unit: 'answers' },
    ...(await adapterRows()),
    { what: 'reading and unpacking the rows of a day', value: reading / days, unit: 'CPU-seconds' },
  ];
}

/** Price frames of the recorded sessions through adapter and the checks of the shell. */
async function adapterRows(): Promise<BenchRow[]> {
  const { frames, cpuMs } = await framesThroughput();
  const rate = Math.round((frames * 1_000) / cpuMs);
  return [
    {
      what: 'price frames through adapter and validation',
      value: rate,
      unit: '/CPU-s',
      target: `>= ${TARGET_FRAMES}`,
      met: rate >= TARGET_FRAMES,
    },
  ];
}

function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1e6;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
