/** The text of a class that its pictures are matched with: `a photo of {promptName}.` */
export function labelText(promptName: string): string {
  return `a photo of ${promptName}.`
}
