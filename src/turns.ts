// The steps in which a cell was made, each as it came: model clients return them, makers read them, records keep them.

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly args: string;
}
