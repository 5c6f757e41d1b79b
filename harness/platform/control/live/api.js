// The control API. A refusal becomes an Error with the reason the server gave.

async function ask(method, path, order) {
  const options = { method, signal: AbortSignal.timeout(30_000) };
  if (order !== undefined) {
    options.body = JSON.stringify(order);
    options.headers = { "Content-Type": "application/json" };
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    throw new Error(error.name === "TimeoutError" ? "no answer within 30 seconds" : "the server cannot be reached");
  }
  const text = await answer.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    throw new Error(`${answer.status}: an answer that is no JSON`);
  }
  if (!answer.ok) throw new Error(data?.error ?? `refused with ${answer.status}`);
  return data;
}

export const get = (path) => ask("GET", path);
export const post = (path, order) => ask("POST", path, order);
export const put = (path, order) => ask("PUT", path, order);
export const patch = (path, order) => ask("PATCH", path, order);
export const remove = (path) => ask("DELETE", path);

// What the page wants to hear of; the server filters by these beginnings.
const KINDS = "uplink,downlink,sms.,clock.,chaos,device.registered,device.removed,device.secret,fota.,destination.status,mqtt.";

// Follow the timeline. `onevent` gets each event, `onlost` is called when some could not be had.
export function follow(onevent, onlost, onstate) {
  const source = new EventSource(`/api/events?named=false&kinds=${KINDS}`);
  source.onopen = () => onstate("live");
  source.onerror = () => onstate(source.readyState === EventSource.CLOSED ? "closed" : "reconnecting");
  source.onmessage = (message) => onevent(JSON.parse(message.data));
  source.addEventListener("lost", onlost);
  return source;
}
