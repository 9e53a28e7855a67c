/** The text that pictures of a class are matched with: `a photo of {promptName}.` */
export function labelText(promptName: string): string {
  return `a photo of ${promptName}.`
}
