import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AssayError } from '@assay/kernel/errors/assay-error';
import { SimulatedClock } from '@assay/kernel/time/clock';
import { watchSettings } from './settings-watch.ts';

test('a changed file is applied once; one that is wrong is told and the next one is still followed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'assay watch '));
  const file = join(folder, 'assay.yaml');
  const clock = new SimulatedClock(0);
  const told: string[] = [];
  let applied = 0;
  writeFileSync(file, 'one');
  const end = watchSettings({
    files: [file, join(folder, 'absent.yaml')],
    clock,
    apply: async () => {
      applied += 1;
      if (applied === 1) throw new AssayError('CONFIG_INVALID', 'unknown setting "x"');
      return 'followed';
    },
    tell: (sentence) => told.push(sentence),
  });
  await clock.advance(5_000);
  assert.equal(applied, 0);
  writeFileSync(file, 'second');
  await clock.advance(3_000);
  writeFileSync(file, 'the third');
  await clock.advance(3_000);
  assert.deepEqual(told, ['the changed settings are not used: unknown setting "x"', 'followed']);
  end();
  writeFileSync(file, 'after the end');
  await clock.advance(3_000);
  assert.equal(applied, 2);
  rmSync(folder, { recursive: true });
});
