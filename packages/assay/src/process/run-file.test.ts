import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { profileFolder } from './data-folder.ts';
import { announce, type RunFile, readRunFile } from './run-file.ts';

const ALL = ['archive', 'api', 'adapters'];

test('parts that run apart are found as one program, and each ends without hiding the others', () => {
  const data = mkdtempSync(join(tmpdir(), 'assay run '));
  try {
    const folder = profileFolder(data, 'sandbox');
    assert.equal(readRunFile(data, 'sandbox'), undefined);
    mkdirSync(folder);
    const tell = (run: Partial<RunFile> & { services: string[] }) =>
      announce(folder, { pid: process.pid, profile: 'sandbox', startedAt: '', ...run }, ALL);
    const api = 'http://127.0.0.1:4000';
    tell({ services: ['archive', 'api'], api });
    const end = tell({ services: ['adapters'], sandboxControl: 'http://127.0.0.1:1', pid: process.ppid });
    const found = readRunFile(data, 'sandbox');
    assert.deepEqual(found?.services.toSorted(), ALL.toSorted());
    assert.deepEqual([found.api, found.sandboxControl, found.pid], [api, 'http://127.0.0.1:1', process.pid]);
    tell({ services: ['archive', 'api'], api: 'http://127.0.0.1:4001', pid: process.ppid })();
    assert.equal(readRunFile(data, 'sandbox')?.api, api, 'a replica neither takes its place nor removes it');
    end();
    assert.deepEqual(readRunFile(data, 'sandbox')?.services, ['archive', 'api']);
    tell({ services: ['archive', 'api'], api, pid: process.pid })();
    tell({ services: ['archive', 'api'], api, pid: 2 ** 30 });
    assert.equal(readRunFile(data, 'sandbox'), undefined, 'its process is gone');
  } finally {
    rmSync(data, { recursive: true });
  }
});
