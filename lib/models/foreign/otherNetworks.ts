/** Networks that people have at hand and semples has no use for, by names of their tensors; the first that fits counts. */
const OTHER_NETWORKS: readonly { what: string; signs: readonly RegExp[]; because: string }[] = [
  {
    what: 'a BERT-like text encoder',
    signs: [/(^|\.)embeddings\.word_embeddings\.weight$/, /layer\.0\.attention\.self\.query\.weight$/],
    because: 'It reads texts; semples needs a network of pictures, and for texts the text tower of a CLIP.',
  },
  {
    what: 'a language model (the like of Llama, Mistral or Qwen)',
    signs: [/(^|\.)embed_tokens\.weight$/, /layers\.0\.self_attn\.q_proj\.weight$/],
    because: 'It writes texts; semples has no use for it.',
  },
  {
    what: 'a language model (the like of GPT-2)',
    signs: [/(^|\.)wte\.weight$/, /h\.0\.attn\.c_attn\.weight$/],
    because: 'It writes texts; semples has no use for it.',
  },
  {
    what: 'a Segment Anything model (SAM)',
    signs: [/^image_encoder\./, /^mask_decoder\./],
    because: 'semples trains a network of its own. Masks that SAM made can be refined: semples refine --cams DIR.',
  },
  {
    what: 'a part of a diffusion model (the like of Stable Diffusion)',
    signs: [/(^|\.)(down_blocks|input_blocks)\.\d+\./],
    because: 'It draws pictures; semples has no use for it.',
  },
  {
    what: 'a low-rank adapter (LoRA)',
    signs: [/lora_(A|B|down|up)\b/],
    because: 'It holds changes to the weights of another network, and not those weights.',
  },
]

export function otherNetwork(names: readonly string[]): (typeof OTHER_NETWORKS)[number] | undefined {
  return OTHER_NETWORKS.find(({ signs }) => signs.every((sign) => names.some((name) => sign.test(name))))
}
