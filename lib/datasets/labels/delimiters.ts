/** What separates columns, with its name for people; what separates the labels in a cell, in words too, and a row. */
export const DELIMITERS = [
  { delimiter: ',', name: 'commas', labels: /[;|]/, several: 'separated by ; or |', example: 'a.jpg,boat;person' },
  { delimiter: '\t', name: 'tabs', labels: /[;|,]/, several: 'separated by ;, | or ,', example: 'a.jpg boat;person' },
  // A ; in a cell stands in quotes, as spreadsheets write it.
  { delimiter: ';', name: 'semicolons', labels: /[;|,]/, several: 'separated by | or ,', example: 'a.jpg;boat|person' },
] as const

export type Delimiter = (typeof DELIMITERS)[number]
