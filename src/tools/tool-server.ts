// What is known of a server of tools by the process that asks it. It holds secrets: it goes into no plan, file or message.

export interface ToolServer {
  readonly name: string;
  /** Null for one that runs as a process of this machine. */
  readonly host: string | null;
  /** What no message may show. */
  readonly secrets: readonly string[];
  readonly transport:
    | {
        readonly type: 'stdio';
        readonly command: string;
        readonly args: readonly string[];
        readonly env: { readonly [name: string]: string };
      }
    | { readonly type: 'sse' | 'streamable_http'; readonly url: URL; readonly apiKey: string | null };
}
