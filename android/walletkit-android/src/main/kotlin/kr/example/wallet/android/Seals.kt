package kr.example.wallet.android

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyProperties
import java.security.Key
import java.security.KeyFactory
import java.security.PublicKey
import java.security.spec.MGF1ParameterSpec
import java.security.spec.RSAKeyGenParameterSpec
import java.security.spec.X509EncodedKeySpec
import javax.crypto.AEADBadTagException
import javax.crypto.Cipher
import javax.crypto.SecretKey
import javax.crypto.spec.GCMParameterSpec
import javax.crypto.spec.OAEPParameterSpec
import javax.crypto.spec.PSource

/** A data key under an AES-256-GCM key of the hardware: nonce ‖ ciphertext ‖ tag, bound to the key's name. */
internal object Seal {
    private const val CIPHER = "AES/GCM/NoPadding"
    private const val KEY_BITS = 256
    private const val NONCE = 12
    private const val TAG_BITS = 128

    fun describe(spec: KeyGenParameterSpec.Builder): KeyGenParameterSpec.Builder =
        spec
            .setKeySize(KEY_BITS)
            .setBlockModes(KeyProperties.BLOCK_MODE_GCM)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)

    fun close(
        key: SecretKey,
        name: String,
        plain: ByteArray,
    ): ByteArray {
        val cipher = Cipher.getInstance(CIPHER)
        // The hardware chooses the nonce; it takes none from the app.
        cipher.init(Cipher.ENCRYPT_MODE, key)
        cipher.updateAAD(name.encodeToByteArray())
        val nonce = cipher.iv
        check(nonce.size == NONCE) { "nonce" }
        return nonce + cipher.doFinal(plain)
    }

    fun open(
        key: SecretKey,
        name: String,
        sealed: ByteArray,
    ): ByteArray {
        if (sealed.size <= NONCE + TAG_BITS / Byte.SIZE_BITS) throw AEADBadTagException()
        val cipher = Cipher.getInstance(CIPHER)
        cipher.init(Cipher.DECRYPT_MODE, key, GCMParameterSpec(TAG_BITS, sealed, 0, NONCE))
        cipher.updateAAD(name.encodeToByteArray())
        return cipher.doFinal(sealed, NONCE, sealed.size - NONCE)
    }
}

/**
 * A data key under the public half of an RSA key whose private half opens it after a prompt.
 *
 * Wrapping needs no prompt and unwrapping does, and one key of the Android Keystore asks for the citizen in all it does or in
 * nothing; only the public half of a pair is outside that rule. RSA-OAEP is what every phone's hardware decrypts under a
 * prompt's own `CryptoObject`: key agreement has none before Android 15. Who can write the vault's file could put a data key of
 * their own here, as anybody can encrypt to a public key; it opens nothing, and the vault's digest over all rows, keyed under
 * the other data key, would not fit.
 */
internal object PublicSeal {
    private const val CIPHER = "RSA/ECB/OAEPWithSHA-256AndMGF1Padding"
    private const val KEY_BITS = 2048

    /** How long what [close] makes is, bytes. */
    const val LENGTH = KEY_BITS / Byte.SIZE_BITS

    /** SHA-256 over the label; the mask by SHA-1, which is all that the Keystore did before Android 14 and no weakness of OAEP. */
    private val OAEP = OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA1, PSource.PSpecified.DEFAULT)

    fun describe(spec: KeyGenParameterSpec.Builder): KeyGenParameterSpec.Builder =
        spec
            .setAlgorithmParameterSpec(RSAKeyGenParameterSpec(KEY_BITS, RSAKeyGenParameterSpec.F4))
            .setDigests(KeyProperties.DIGEST_SHA256)
            .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_RSA_OAEP)

    fun close(
        key: PublicKey,
        plain: ByteArray,
    ): ByteArray {
        // As plain numbers: the Keystore's own object for the public half would lead back to the Keystore and its prompt.
        val numbers = KeyFactory.getInstance("RSA").generatePublic(X509EncodedKeySpec(key.encoded))
        return Cipher.getInstance(CIPHER).run {
            init(Cipher.ENCRYPT_MODE, numbers, OAEP)
            doFinal(plain)
        }
    }

    fun begin(key: Key): Cipher = Cipher.getInstance(CIPHER).apply { init(Cipher.DECRYPT_MODE, key, OAEP) }
}
