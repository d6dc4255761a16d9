//! A ciphertext that opens under two keys, for AES-GCM does not commit to its key.
//!
//! ```text
//! tag = E(k, counter 1) + Σ block(i) · H^(blocks − i)      H = E(k, 0); + and · in GF(2^128)
//! ```
//!
//! The tag is linear in each block of the ciphertext: one block can be chosen so that it is the same under both keys.

use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, KeyInit};

/// What is sealed: a content digest of 46 bytes, whatever they are. Both keys must open its first two bytes alike.
const BEGINNING: [u8; 2] = [0x1a, 46];

/// Bytes of the box: nonce, three blocks, tag.
pub const BOX_BYTES: usize = 12 + 48 + 16;

const NONCE: [u8; 12] = *b"no such luck";

/// A box bound to `bound_to` that opens under `first` and under the key that is given with it.
pub fn sealed_twice(first: &[u8; 32], bound_to: &[u8]) -> (Vec<u8>, [u8; 32]) {
    let stream = |key: &[u8; 32]| encrypted(key, counter(2)).to_be_bytes();
    let begins = |key: &[u8; 32]| stream(key)[..2] == stream(first)[..2];
    let second = (0..u64::MAX).map(|n| [n.to_be_bytes(); 4].as_flattened().try_into().unwrap()).find(begins).unwrap();
    let mut beginning = [0; 16];
    beginning.iter_mut().zip(BEGINNING).zip(stream(first)).for_each(|((byte, plain), stream)| *byte = plain ^ stream);
    let mut blocks = [u128::from_be_bytes(beginning), 0, 0];
    let [(one, power_of_one), (two, power_of_two)] = [first, &second].map(|key| {
        let hash_key = encrypted(key, 0);
        let power = times(times(hash_key, hash_key), hash_key);
        (hashed(hash_key, bound_to, &blocks) ^ encrypted(key, counter(1)), power)
    });
    blocks[1] = times(one ^ two, inverse(power_of_one ^ power_of_two));
    let tag = one ^ times(blocks[1], power_of_one);
    let blocks = blocks.map(u128::to_be_bytes);
    ([NONCE.as_slice(), blocks.as_flattened(), &tag.to_be_bytes()].concat(), second)
}

fn counter(n: u128) -> u128 {
    NONCE.iter().fold(0, |nonce, byte| nonce << 8 | u128::from(*byte)) << 32 | n
}

fn encrypted(key: &[u8; 32], block: u128) -> u128 {
    let mut block = block.to_be_bytes().into();
    Aes256::new(&(*key).into()).encrypt_block(&mut block);
    u128::from_be_bytes(block.into())
}

/// GHASH over what it is bound to, the ciphertext, and the lengths of both in bits.
fn hashed(hash_key: u128, bound_to: &[u8], ciphertext: &[u128]) -> u128 {
    let padded = bound_to.chunks(16).map(|chunk| {
        let mut block = [0; 16];
        block[..chunk.len()].copy_from_slice(chunk);
        u128::from_be_bytes(block)
    });
    let lengths = (bound_to.len() as u128 * 8) << 64 | (ciphertext.len() as u128 * 128);
    padded.chain(ciphertext.iter().copied()).chain([lengths]).fold(0, |sum, block| times(sum ^ block, hash_key))
}

/// The product in GF(2^128), its bits in GCM's order.
fn times(a: u128, b: u128) -> u128 {
    let (mut product, mut shifted) = (0, b);
    for bit in (0..128).rev() {
        if a >> bit & 1 == 1 {
            product ^= shifted;
        }
        shifted = shifted >> 1 ^ if shifted & 1 == 1 { 0xe1 << 120 } else { 0 };
    }
    product
}

/// The inverse in GF(2^128): the product of its powers 2^1 to 2^127.
fn inverse(of: u128) -> u128 {
    let (mut power, mut inverse) = (of, 1 << 127);
    for _ in 0..127 {
        power = times(power, power);
        inverse = times(inverse, power);
    }
    inverse
}

#[test]
fn the_box_opens_under_both_keys_to_different_words() {
    use consent_ledger::ledger::seal::{Key, open};
    use consent_ledger::proto::SealedPart;
    use prost::Message;

    let first = [7; 32];
    let (sealed, second) = sealed_twice(&first, b"what it is bound to");
    assert_eq!(sealed.len(), BOX_BYTES);
    let words = [first, second].map(|key| open(&Key::from_bytes(key), b"what it is bound to", &sealed).unwrap().to_vec());
    assert_ne!(words[0], words[1]);
    for plain in words {
        assert_eq!(SealedPart::decode(plain.as_slice()).unwrap().encode_to_vec(), plain);
    }
}
