// Calls the service: a body goes out, its answer or its problem comes back.

/**
 * @typedef {Object} Question
 * @property {string} path Relative to the page, without a query.
 * @property {Record<string, string | number | null | undefined>} [query] Without the empty ones.
 * @property {Blob | FormData | string | null} [body] A call without one is a GET.
 * @property {string} [contentType] Of a body that does not say so itself.
 * @property {string} [accept]
 */

/**
 * @typedef {Object} Reply
 * @property {Blob} body
 * @property {number} milliseconds From the call until the whole answer was there.
 */

/** What the service, or the way to it, says of a call that failed. */
export class ProblemError extends Error {
  /**
   * @param {string} detail
   * @param {number} status 0 where no answer came.
   * @param {string} [requestId]
   */
  constructor(detail, status, requestId = "") {
    super(detail);
    this.status = status;
    this.requestId = requestId;
  }
}

/**
 * Return a call's address, relative to the page.
 *
 * @param {Question} question
 */
export function addressOf({ path, query = {} }) {
  const chosen = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const encoded = new URLSearchParams(chosen.map(([name, value]) => [name, String(value)])).toString();
  return encoded ? `${path}?${encoded}` : path;
}

/** The service, and the key that it is asked with. The key lives in this object alone. */
export class Api {
  #key = "";

  /** @type {(detail: string) => void} Called when a call needs a key or another one. */
  onKeyNeeded = () => {};

  /** @param {string} key */
  useKey(key) {
    this.#key = key;
  }

  get hasKey() {
    return this.#key !== "";
  }

  /**
   * Ask, and return the answer that is JSON.
   *
   * @param {Question} question
   * @param {{signal?: AbortSignal, onSent?: (share: number) => void}} [options]
   * @returns {Promise<{answer: any, milliseconds: number}>}
   */
  async ask(question, options) {
    const { body, milliseconds } = await this.call({ accept: "application/json", ...question }, options);
    return { answer: JSON.parse(await body.text()), milliseconds };
  }

  /**
   * Ask, and return the answer as it came. XMLHttpRequest, since fetch does not tell how much has been sent.
   *
   * @param {Question} question
   * @param {{signal?: AbortSignal, onSent?: (share: number) => void}} [options]
   * @returns {Promise<Reply>}
   * @throws {ProblemError} The service says no, or does not answer.
   * @throws {DOMException} `AbortError`: `signal` gave it up.
   */
  call(question, { signal, onSent } = {}) {
    const { body = null, contentType, accept = "*/*" } = question;
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const abort = () => request.abort();
      request.open(body === null ? "GET" : "POST", addressOf(question));
      request.responseType = "blob";
      request.setRequestHeader("Accept", accept);
      if (contentType) request.setRequestHeader("Content-Type", contentType);
      if (this.#key) request.setRequestHeader("X-API-Key", this.#key);
      if (onSent) request.upload.onprogress = (event) => onSent(event.total ? event.loaded / event.total : 0);
      request.onload = async () => {
        if (request.status >= 200 && request.status < 300) {
          resolve({ body: request.response, milliseconds: performance.now() - start });
          return;
        }
        const problem = await problemOf(request);
        if (problem.status === 401) this.onKeyNeeded(problem.message);
        reject(problem);
      };
      request.onerror = () =>
        reject(new ProblemError("The service did not answer. Check that it runs and that you are connected.", 0));
      request.onabort = () => reject(new DOMException("given up", "AbortError"));
      request.onloadend = () => signal?.removeEventListener("abort", abort);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) reject(new DOMException("given up", "AbortError"));
      else request.send(body);
    });
  }
}

/**
 * Read RFC 9457 problem details; a proxy in between may say something else.
 *
 * @param {XMLHttpRequest} request
 * @returns {Promise<ProblemError>}
 */
async function problemOf(request) {
  try {
    const { detail, request_id: requestId } = JSON.parse(await request.response.text());
    if (typeof detail === "string") return new ProblemError(detail, request.status, requestId);
  } catch {
    // What follows says all that is known.
  }
  return new ProblemError(`The answer was ${request.status} ${request.statusText}, without a reason.`, request.status);
}
