// What the platform's names mean to people.

const OUTCOMES = {
  accepted: ["accepted", "Accepted for further processing"],
  malformed: ["malformed", "Refused: not correctly structured"],
  unverified: ["token wrong", "Refused: the message token could not be verified"],
  "unknown-device": ["unknown device", "Refused: the device identifier is not known"],
};

export const outcomeWords = (outcome) => OUTCOMES[outcome]?.[0] ?? outcome;
export const outcomeSentence = (outcome) => OUTCOMES[outcome]?.[1] ?? outcome;
export const severityMark = { error: "✕", warning: "▲", info: "•" };
export const severityWords = { error: "✕ breaks", warning: "▲ beware", info: "• remark" };
