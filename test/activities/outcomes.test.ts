import { describe, expect, it } from 'vitest';
import { Outcomes } from '../../src/activities/outcomes.ts';
import type { Settings } from '../../src/plan.ts';

const SETTINGS = { shutdownErrorRate: 0.5, shutdownErrorWindow: 50, isEarlyShutdownDisabled: false };

/** The reasons to stop after these cells: `x` failed for good, `.` was made. */
function reasonsAfter(cells: string, settings: Partial<Settings> = {}): readonly string[] {
  const reasons: string[] = [];
  const outcomes = new Outcomes({ ...SETTINGS, ...settings } as Settings, (reason) => reasons.push(reason));
  for (const [row, cell] of [...cells].entries()) outcomes.add(row, cell === '.');
  return reasons;
}

describe('early shutdown', () => {
  it('comes when the rate is strictly above the threshold', () => {
    expect(reasonsAfter('.x'.repeat(100))).toEqual([]);
    expect(reasonsAfter(`${'.x'.repeat(25)}x`)).toEqual([
      '26 of the last 50 cells failed, more than shutdown_error_rate 0.5: see `rowloom failures`',
    ]);
  });

  it('does not judge by fewer than 20 cells', () => {
    expect(reasonsAfter('x'.repeat(19))).toEqual([]);
    expect(reasonsAfter('x'.repeat(20))).toHaveLength(1);
  });

  it('judges by a window smaller than that when one is set', () => {
    expect(reasonsAfter('x'.repeat(9), { shutdownErrorWindow: 10 })).toEqual([]);
    expect(reasonsAfter('x'.repeat(10), { shutdownErrorWindow: 10 })).toHaveLength(1);
  });

  it('counts the cells of a row that an expression fails over, made before and after', () => {
    const reasons: string[] = [];
    const outcomes = new Outcomes(SETTINGS as Settings, (reason) => reasons.push(reason));
    for (let row = 0; row < 20; row += 1) outcomes.add(row, true);
    for (let row = 0; row < 10; row += 1) outcomes.failRow(row);
    expect(reasons).toEqual([]);
    outcomes.add(3, true);
    expect(reasons).toEqual([
      '11 of the last 21 cells failed, more than shutdown_error_rate 0.5: see `rowloom failures`',
    ]);
  });

  it('counts a cell that was made with those of other rows by itself, whatever becomes of its row', () => {
    const reasons: string[] = [];
    const outcomes = new Outcomes(SETTINGS as Settings, (reason) => reasons.push(reason));
    for (let row = 0; row < 20; row += 1) outcomes.failRow(row);
    for (let row = 0; row < 20; row += 1) outcomes.add(null, true);
    expect(reasons).toEqual([]);
    for (let row = 0; row < 21; row += 1) outcomes.add(null, false);
    expect(reasons).toHaveLength(1);
  });

  it('forgets what lies before the window', () => {
    expect(reasonsAfter(`${'.'.repeat(50)}${'x'.repeat(25)}${'.'.repeat(50)}`)).toEqual([]);
  });

  it('never comes at a threshold of 1, nor when it is turned off', () => {
    expect(reasonsAfter('x'.repeat(100), { shutdownErrorRate: 1 })).toEqual([]);
    expect(reasonsAfter('x'.repeat(100), { isEarlyShutdownDisabled: true })).toEqual([]);
  });
});
