//! whisper.cpp's file: header, mel filters, tokens, then the tensors by name, each quantised as it is read back.

use super::assets::Filters;
use super::ct2::Array;
use half::f16;
use std::collections::HashMap;
use std::io::{self, Write};

const MAGIC: i32 = 0x6767_6d6c;
const AUDIO_CTX: i32 = 1500;
const TEXT_CTX: i32 = 448;
const MELS: i32 = 80;
/// Mostly q8_0 (7), plus 1000 times the quantisation's version 2.
const FTYPE_Q8_0: i32 = 2007;
/// Values of a q8_0 block.
const BLOCK: usize = 32;

/// Read by whisper.cpp as 32-bit floats, whatever their shape.
const WIDE: [&str; 4] = [
    "encoder.conv1.bias",
    "encoder.conv2.bias",
    "encoder.positional_embedding",
    "decoder.positional_embedding",
];

/// How a tensor's values are written, with ggml's number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    F32 = 0,
    F16 = 1,
    Q8_0 = 8,
}

/// A model under whisper.cpp's names.
pub(super) struct Whisper<'a> {
    vocabulary: usize,
    state: usize,
    heads: usize,
    encoder_layers: usize,
    decoder_layers: usize,
    tensors: Vec<(String, Array<'a>)>,
}

impl<'a> Whisper<'a> {
    /// Names the arrays of CTranslate2, in the order in which whisper.cpp expects them.
    pub(super) fn new(arrays: &HashMap<String, Array<'a>>) -> Result<Self, String> {
        let mut names = Names {
            arrays,
            tensors: Vec::new(),
        };
        for conv in ["conv1", "conv2"] {
            names.copy(
                &format!("encoder.{conv}.weight"),
                &format!("encoder/{conv}/weight"),
            )?;
            let bias = names.array(&format!("encoder/{conv}/bias"))?;
            let column = bias.reshaped(vec![bias.len(), 1]);
            names.tensors.push((format!("encoder.{conv}.bias"), column));
        }
        for side in ["encoder", "decoder"] {
            names.copy(
                &format!("{side}.positional_embedding"),
                &format!("{side}/position_encodings/encodings"),
            )?;
        }
        names.copy("decoder.token_embedding.weight", "decoder/embeddings/weight")?;
        names.norm("encoder.ln_post", "encoder/layer_norm")?;
        names.norm("decoder.ln", "decoder/layer_norm")?;
        let encoder_layers = names.layers("encoder")?;
        let decoder_layers = names.layers("decoder")?;

        let embedding = names.array("decoder/embeddings/weight")?;
        let [vocabulary, state] = *embedding.shape else {
            return Err(format!(
                "decoder/embeddings/weight has the shape {:?}, not two dimensions",
                embedding.shape
            ));
        };
        let heads = names.array("encoder/num_heads")?;
        if heads.len() != 1 {
            return Err("encoder/num_heads is not one number".into());
        }
        let heads = heads.value(0) as usize;
        let Names { tensors, .. } = names;
        let odd = tensors
            .iter()
            .find(|(name, array)| kind(name, array) == Kind::Q8_0 && !array.len().is_multiple_of(BLOCK));
        if let Some((name, array)) = odd {
            return Err(format!(
                "{name} has {} values, which is no multiple of {BLOCK}",
                array.len()
            ));
        }
        Ok(Self {
            vocabulary,
            state,
            heads,
            encoder_layers,
            decoder_layers,
            tensors,
        })
    }

    /// Writes the file.
    pub(super) fn write(&self, filters: &Filters, tokens: &[Vec<u8>], to: &mut impl Write) -> io::Result<()> {
        let (state, heads) = (self.state as i32, self.heads as i32);
        let (encoder_layers, decoder_layers) = (self.encoder_layers as i32, self.decoder_layers as i32);
        let audio = [AUDIO_CTX, state, heads, encoder_layers];
        let text = [TEXT_CTX, state, heads, decoder_layers];
        ints(to, &[MAGIC, self.vocabulary as i32])?;
        ints(to, &audio)?;
        ints(to, &text)?;
        ints(to, &[MELS, FTYPE_Q8_0])?;
        ints(to, &[filters.bands as i32, filters.bins as i32])?;
        to.write_all(&filters.bytes)?;
        ints(to, &[tokens.len() as i32])?;
        for token in tokens {
            ints(to, &[token.len() as i32])?;
            to.write_all(token)?;
        }
        for (name, array) in &self.tensors {
            tensor(to, name, array)?;
        }
        to.flush()
    }
}

fn ints(to: &mut impl Write, numbers: &[i32]) -> io::Result<()> {
    numbers
        .iter()
        .try_for_each(|number| to.write_all(&number.to_le_bytes()))
}

fn kind(name: &str, array: &Array<'_>) -> Kind {
    match array.shape.len() {
        _ if WIDE.contains(&name) => Kind::F32,
        0 | 1 => Kind::F32,
        2 => Kind::Q8_0,
        _ => Kind::F16,
    }
}

fn tensor(to: &mut impl Write, name: &str, array: &Array<'_>) -> io::Result<()> {
    let kind = kind(name, array);
    ints(to, &[array.shape.len() as i32, name.len() as i32, kind as i32])?;
    for &n in array.shape.iter().rev() {
        ints(to, &[n as i32])?;
    }
    to.write_all(name.as_bytes())?;
    match kind {
        Kind::F32 => (0..array.len()).try_for_each(|at| to.write_all(&array.value(at).to_le_bytes())),
        Kind::F16 => {
            (0..array.len()).try_for_each(|at| to.write_all(&f16::from_f32(array.value(at)).to_le_bytes()))
        }
        Kind::Q8_0 => (0..array.len() / BLOCK).try_for_each(|block| {
            let values: [f32; BLOCK] = std::array::from_fn(|at| array.value(block * BLOCK + at));
            to.write_all(&q8_0(&values))
        }),
    }
}

/// A block: its scale as a 16-bit float, then a signed byte for each value.
fn q8_0(values: &[f32; BLOCK]) -> [u8; 2 + BLOCK] {
    let largest = values
        .iter()
        .fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / 127.0;
    // The bytes are computed with the scale before it is rounded, as the reference conversion does.
    let divisor = if scale == 0.0 { 1.0 } else { scale };
    let mut block = [0; 2 + BLOCK];
    block[..2].copy_from_slice(&f16::from_f32(scale).to_le_bytes());
    for (byte, value) in block[2..].iter_mut().zip(values) {
        *byte = (value / divisor).round_ties_even() as i8 as u8;
    }
    block
}

/// Gives whisper.cpp's names to CTranslate2's arrays.
struct Names<'m, 'a> {
    arrays: &'m HashMap<String, Array<'a>>,
    tensors: Vec<(String, Array<'a>)>,
}

impl<'a> Names<'_, 'a> {
    fn array(&self, name: &str) -> Result<Array<'a>, String> {
        self.arrays
            .get(name)
            .cloned()
            .ok_or_else(|| format!("the model has no array {name}"))
    }

    fn copy(&mut self, to: &str, from: &str) -> Result<(), String> {
        let array = self.array(from)?;
        self.tensors.push((to.to_owned(), array));
        Ok(())
    }

    fn norm(&mut self, to: &str, from: &str) -> Result<(), String> {
        self.copy(&format!("{to}.weight"), &format!("{from}/gamma"))?;
        self.copy(&format!("{to}.bias"), &format!("{from}/beta"))
    }

    fn linear(&mut self, to: &str, from: &str) -> Result<(), String> {
        self.copy(&format!("{to}.weight"), &format!("{from}/weight"))?;
        self.copy(&format!("{to}.bias"), &format!("{from}/bias"))
    }

    /// Projections that CTranslate2 keeps as one array, one below the other.
    fn projections(&mut self, to: &str, from: &str, parts: &[&str]) -> Result<(), String> {
        let (weight, bias) = (
            self.array(&format!("{from}/weight"))?,
            self.array(&format!("{from}/bias"))?,
        );
        for (index, part) in parts.iter().enumerate() {
            self.tensors
                .push((format!("{to}.{part}.weight"), weight.piece(index, parts.len())?));
            // Whisper's key projection has no bias.
            if *part != "key" {
                self.tensors
                    .push((format!("{to}.{part}.bias"), bias.piece(index, parts.len())?));
            }
        }
        Ok(())
    }

    /// The layers of a side, and how many there are.
    fn layers(&mut self, side: &str) -> Result<usize, String> {
        let mut layer = 0;
        while self
            .arrays
            .contains_key(&format!("{side}/layer_{layer}/ffn/linear_0/weight"))
        {
            let (from, to) = (format!("{side}/layer_{layer}"), format!("{side}.blocks.{layer}"));
            self.projections(
                &format!("{to}.attn"),
                &format!("{from}/self_attention/linear_0"),
                &["query", "key", "value"],
            )?;
            self.linear(
                &format!("{to}.attn.out"),
                &format!("{from}/self_attention/linear_1"),
            )?;
            self.norm(
                &format!("{to}.attn_ln"),
                &format!("{from}/self_attention/layer_norm"),
            )?;
            if side == "decoder" {
                self.linear(
                    &format!("{to}.cross_attn.query"),
                    &format!("{from}/attention/linear_0"),
                )?;
                self.projections(
                    &format!("{to}.cross_attn"),
                    &format!("{from}/attention/linear_1"),
                    &["key", "value"],
                )?;
                self.linear(
                    &format!("{to}.cross_attn.out"),
                    &format!("{from}/attention/linear_2"),
                )?;
                self.norm(
                    &format!("{to}.cross_attn_ln"),
                    &format!("{from}/attention/layer_norm"),
                )?;
            }
            self.linear(&format!("{to}.mlp.0"), &format!("{from}/ffn/linear_0"))?;
            self.linear(&format!("{to}.mlp.2"), &format!("{from}/ffn/linear_1"))?;
            self.norm(&format!("{to}.mlp_ln"), &format!("{from}/ffn/layer_norm"))?;
            layer += 1;
        }
        Ok(layer)
    }
}
