import { describe, expect, it } from 'vitest';
import { findUnknownDirective, formatDate } from '../../../src/text/strftime.ts';

const THURSDAY = new Date('2024-02-29T13:05:09.250Z');

describe('formatDate', () => {
  it.each([
    ['%a %A %b %B %h', 'Thu Thursday Feb February Feb'],
    ['%c', 'Thu Feb 29 13:05:09 2024'],
    ['%C %y %Y %G', '20 24 2024 2024'],
    ['%d %e %j %m', '29 29 060 02'],
    ['%D %x %F', '02/29/24 02/29/24 2024-02-29'],
    ['%H %I %p %M %S %f', '13 01 PM 05 09 250000'],
    ['%r|%R|%T|%X', '01:05:09 PM|13:05|13:05:09|13:05:09'],
    ['%s', '1709211909'],
    ['%u %w %U %V %W', '4 4 08 09 09'],
    ['%-d/%-m/%-y %-I:%-M', '29/2/24 1:5'],
    ['%n%t%%|%z|%Z|', '\n\t%||\u007c'],
    ['no directive', 'no directive'],
  ])('writes %j', (pattern, text) => {
    expect(formatDate(THURSDAY, pattern)).toBe(text);
  });

  it.each([
    ['2021-01-01T00:00:00Z', '2020-W53 00 00 001 1 AM 12'],
    ['2023-01-01T12:00:00Z', '2022-W52 01 00 001 1 PM 12'],
    ['2024-12-30T00:00:00Z', '2025-W01 52 53 365 30 AM 12'],
    ['2026-11-01T23:59:59Z', '2026-W44 44 43 305 1 PM 11'],
  ])('counts the weeks of %s', (iso, text) => {
    expect(formatDate(new Date(iso), '%G-W%V %U %W %j %-d %p %I')).toBe(text);
  });

  it('refuses an unknown directive', () => {
    expect(() => formatDate(THURSDAY, '%Y %Q')).toThrow('Cannot write a date with "%Y %Q": "%Q" is unknown');
  });
});

describe('findUnknownDirective', () => {
  it.each([
    ['%Y-%m-%dT%H:%M:%S%%', undefined],
    ['%-d.%-m.', undefined],
    ['%Y %Q', '%Q'],
    ['%Y %', '%'],
    ['%-', '%-'],
    ['%toString', undefined],
    ['%é', '%é'],
  ])('of %j is %j', (pattern, directive) => {
    expect(findUnknownDirective(pattern)).toBe(directive);
  });
});
