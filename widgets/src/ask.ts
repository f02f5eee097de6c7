/** Questions from a widget to its Python half: a query's name and parameters, never SQL. */
import type { Model } from "./afm";

interface Reply {
  kind: "answer";
  id: string;
  value?: unknown;
  error?: string;
}

/** What Python said instead of an answer; any other error means that nobody answered. */
export class Refused extends Error {}

let asked = 0;

/** Resolves to Python's answer; rejects when Python reports an error, when there is no kernel, or after `patience` ms. */
export function ask<T>(model: Model, query: string, params: unknown, patience = 20_000): Promise<T> {
  return new Promise((resolve, reject) => {
    asked += 1;
    const id = `${query}-${asked}-${Math.random().toString(36).slice(2)}`;
    const stop = () => {
      clearTimeout(timer);
      model.off("msg:custom", heard as never);
    };
    const heard = (reply: Reply) => {
      if (reply?.kind !== "answer" || reply.id !== id) return;
      stop();
      if (reply.error !== undefined) reject(new Refused(reply.error));
      else resolve(reply.value as T);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error("No answer: the kernel is busy, or there is none."));
    }, patience);
    model.on("msg:custom", heard as never);
    try {
      model.send({ kind: "ask", id, query, params });
    } catch (error) {
      stop();
      reject(error);
    }
  });
}
