import { homedir } from 'node:os';

/** The home folder; `/` for a user without one, such as a number that a container was told to run as. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
