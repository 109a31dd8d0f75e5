/** Pictures out of what is dropped or pasted. */

const PICTURE_NAMES = /\.(jpe?g|png|webp|gif|bmp|tiff?|heic|heif|avif)$/i;

/** Whether something with files is being dragged, and not text or a link of the page. */
export function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** The pictures among the files. Some systems tell no type for HEIC and AVIF: there the name decides. */
export function picturesOf(transfer: DataTransfer | null): File[] {
  const files = [...(transfer?.files ?? [])];
  const pictures = files.filter(isPicture);
  // What came along with them goes, too: the server refuses it by name, and nobody wonders where it is.
  return pictures.length === 0 ? [] : [...pictures, ...files.filter((file) => !isPicture(file))];
}

export function isPicture(file: { type: string; name: string }): boolean {
  return file.type.startsWith("image/") || (file.type === "" && PICTURE_NAMES.test(file.name));
}
