// Recordings on disk: which folders are recordings, and their files read and unpacked. In: folder paths. Out:
// a recording with the rows of all its series. A folder without `recording.json` is not a recording; its
// subfolders may be.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { type RecordedSeries, readSeries } from '@assay/oracle/recording/recorded-prices';
import { parseRecording, type Recording } from '@assay/oracle/recording/recording';

const DESCRIPTION = 'recording.json';
/** Folders below the one that is named: `prices/<recording>`, and one above. */
const DEPTH_MAX = 3;
/** Unpacked; a year of minutes is 30 MB. More than this does not belong into memory at once. */
const FILE_BYTES_MAX = 1_000_000_000;

export type LoadedRecording = { folder: string; recording: Recording; series: RecordedSeries[] };

/** @throws AssayError NOT_FOUND when the path does not exist */
export function findRecordings(path: string): string[] {
  const folder = resolve(path);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new AssayError('NOT_FOUND', `there is no folder ${path}`, { context: { path } });
  }
  return search(folder, DEPTH_MAX);
}

/** @throws AssayError NOT_FOUND, RECORD_INVALID */
export function loadRecording(folder: string): LoadedRecording {
  if (!existsSync(join(folder, DESCRIPTION))) {
    throw new AssayError('NOT_FOUND', `${folder} has no ${DESCRIPTION}, so it is no recording`, {
      context: { path: folder },
      recovery: 'Name a folder with a recording.json, or a data folder together with --verify.',
    });
  }
  const recording = parseRecording(readFileSync(join(folder, DESCRIPTION), 'utf8'));
  const series = recording.series.map((one) => readSeries(one, textOf(join(folder, one.file)), recording));
  return { folder, recording, series };
}

function search(folder: string, depth: number): string[] {
  if (existsSync(join(folder, DESCRIPTION))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .flatMap((name) => search(join(folder, name), depth - 1));
}

/** Gzip is recognised by its first two bytes, whatever the file is called. */
function textOf(path: string): string {
  if (!existsSync(path))
    throw new AssayError('NOT_FOUND', `the recording names ${path}, which does not exist`);
  const bytes = readFileSync(path);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? gunzipSync(bytes, { maxOutputLength: FILE_BYTES_MAX }) : bytes).toString('utf8');
}
