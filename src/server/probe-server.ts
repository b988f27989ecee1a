// Asks a Temporal server one question without its client: loading that takes longer than the server's boot.

import { connect, constants } from 'node:http2';

const DESCRIBE_NAMESPACE = '/temporal.api.workflowservice.v1.WorkflowService/DescribeNamespace';
const NAMESPACE_FIELD_TAG = 0x0a;

/** Whether the server answers and knows the namespace (at most 127 bytes). Never throws; false after `limitMs`. */
export function isServing(
  address: string,
  options: { namespace: string; limitMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://${address}`);
    const end = (isServed: boolean) => {
      clearTimeout(timer);
      session.destroy();
      resolve(isServed);
    };
    const timer = setTimeout(() => end(false), options.limitMs);
    session.on('error', () => end(false));
    const request = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: DESCRIBE_NAMESPACE,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    // A refused call has its status in the headers, a served one in the trailers.
    request.on('response', (headers) => headers['grpc-status'] !== undefined && end(false));
    request.on('trailers', (trailers) => end(trailers['grpc-status'] === '0'));
    request.on('error', () => end(false));
    request.on('close', () => end(false));
    request.resume();
    request.end(frame(options.namespace));
  });
}

// A gRPC frame: not compressed, length, message. The message: field 1, a text.
function frame(namespace: string): Buffer {
  const name = Buffer.from(namespace);
  const message = Buffer.from([NAMESPACE_FIELD_TAG, name.length, ...name]);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}
