// Goes on to the address that an answer led to; where that is this very page, it is loaded anew.
export function leaveFor(address) {
  const next = new URL(address);
  next.hash = "";
  if (next.href === location.href.split("#")[0]) location.reload();
  else location.assign(next);
}
