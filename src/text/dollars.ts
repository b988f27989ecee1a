/** `$0.0042`, `$0.42`, `$12.30`, `$1,234.50`: cents, and of less than ten cents a hundredth of them. */
export function formatDollars(dollars: number): string {
  const digits = dollars > 0 && dollars < 0.1 ? 4 : 2;
  return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
