/** How much of the month's bar is spent and set aside. */
export interface MonthParts {
  spent: number;
  reserved: number;
}

/** Shares of the bar in per cent. Without a limit the bar shows what is spent and set aside against each other. */
export function monthParts(spent: number, reserved: number, limit: number | null): MonthParts {
  const whole = limit === null ? spent + reserved : Math.max(limit, spent + reserved);
  if (whole === 0) return { spent: 0, reserved: 0 };
  return { spent: (100 * spent) / whole, reserved: (100 * reserved) / whole };
}
