// The runner of the tests as a person sees it: what a test's child processes get, and what unknown names say.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const RUNNER = join(import.meta.dirname, 'test.ts');

test('a program that a test starts by the name "node" is the pinned one', () => {
  assert.equal(execFileSync('node', ['--version'], { encoding: 'utf8' }).trim(), process.version);
});

test('a place without tests is a sentence and exit code 1', () => {
  const result = spawnSync(process.execPath, [RUNNER, 'no-such-folder'], { encoding: 'utf8' });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /No test file at no-such-folder/);
});
