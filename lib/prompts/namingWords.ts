/**
 * Everyday words for scenes and backgrounds: the default vocabulary that learned background prompts are compared with.
 */
export const namingWords: readonly string[] = [
  // Land and plants.
  ...['grass', 'meadow', 'field', 'lawn', 'hay', 'wheat', 'corn', 'soil', 'mud', 'dirt', 'dust', 'gravel', 'pebbles'],
  ...['sand', 'desert', 'beach', 'rock', 'stone', 'cliff', 'mountain', 'hill', 'valley', 'cave', 'forest', 'jungle'],
  ...['tree', 'trees', 'branch', 'branches', 'leaf', 'leaves', 'bush', 'hedge', 'moss', 'flowers', 'garden', 'park'],
  ...['vineyard', 'orchard', 'farm', 'pasture', 'path', 'trail'],
  // Water, weather and sky.
  ...['water', 'sea', 'ocean', 'waves', 'lake', 'river', 'stream', 'pond', 'pool', 'waterfall', 'foam', 'coast'],
  ...['shore', 'harbor', 'dock', 'pier', 'ice', 'snow', 'rain', 'fog', 'smoke', 'steam', 'fire', 'sky', 'blue sky'],
  ...['cloud', 'clouds', 'sun', 'sunset', 'night', 'moon', 'stars', 'shadow', 'light', 'darkness', 'horizon'],
  // Ways and towns.
  ...['road', 'street', 'highway', 'asphalt', 'pavement', 'sidewalk', 'crossing', 'curb', 'lane', 'bridge', 'tunnel'],
  ...[
    'rails',
    'railway',
    'railroad track',
    'platform',
    'station',
    'airport',
    'runway',
    'hangar',
    'parking lot',
    'garage',
  ],
  ...['city', 'village', 'square', 'building', 'house', 'skyscraper', 'tower', 'church', 'roof', 'wall', 'brick wall'],
  ...[
    'bricks',
    'concrete',
    'fence',
    'gate',
    'window',
    'door',
    'stairs',
    'balcony',
    'column',
    'arch',
    'ruins',
    'graffiti',
  ],
  ...['pole', 'wire', 'cables', 'lamp post', 'traffic light', 'sign', 'poster', 'flag', 'crane', 'scaffolding'],
  // Rooms and what stands in them.
  ...['room', 'living room', 'bedroom', 'kitchen', 'bathroom', 'office', 'hall', 'corridor', 'attic', 'classroom'],
  ...['restaurant', 'bar', 'shop', 'market', 'library', 'museum', 'church hall', 'theater', 'stage', 'gym', 'stable'],
  ...['barn', 'cage', 'nest', 'floor', 'wooden floor', 'tiles', 'carpet', 'rug', 'ceiling', 'curtain', 'blinds'],
  ...[
    'mirror',
    'picture frame',
    'shelf',
    'bookshelf',
    'cupboard',
    'drawer',
    'table',
    'desk',
    'counter',
    'bench',
    'chair',
  ],
  ...['bed', 'pillow', 'blanket', 'cushion', 'tablecloth', 'lamp', 'fireplace', 'oven', 'sink', 'bathtub', 'plate'],
  ...['bowl', 'cup', 'glass', 'bottle', 'tray', 'basket', 'box', 'bag', 'keyboard', 'screen', 'cable', 'paper', 'book'],
  // Stuff.
  ...['wood', 'metal', 'steel', 'rust', 'plastic', 'rubber', 'leather', 'cloth', 'fur', 'feathers', 'skin', 'hair'],
  // People and play.
  ...['people', 'crowd', 'face', 'hand', 'clothes', 'saddle', 'leash', 'rope', 'net', 'stadium', 'playground', 'track'],
  ...['tent', 'umbrella', 'helmet', 'wheel', 'engine', 'trailer', 'cart', 'boat', 'car', 'truck', 'bus', 'train'],
]
