/** Gives the reader a file: the browser fetches `address` and saves it as it comes, named as the answer says. */
export function saveFrom(address: string): void {
  begin(address, ""); // as a download, since a refusal that comes all the same would take the reader away from the page
}

/** Gives the reader what the page made as a file called `name`. */
export function saveAs(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  begin(address, name);
  setTimeout(() => URL.revokeObjectURL(address), 60_000); // not before the browser has begun with it
}

function begin(address: string, name: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}
