package kr.example.wallet.android.fake

import android.security.keystore.KeyGenParameterSpec
import android.security.keystore.KeyInfo
import android.security.keystore.KeyProperties
import java.io.InputStream
import java.io.OutputStream
import java.security.AlgorithmParameters
import java.security.InvalidKeyException
import java.security.Key
import java.security.KeyFactorySpi
import java.security.KeyPair
import java.security.KeyPairGenerator
import java.security.KeyPairGeneratorSpi
import java.security.KeyStoreSpi
import java.security.PrivateKey
import java.security.Provider
import java.security.PublicKey
import java.security.SecureRandom
import java.security.Security
import java.security.Signature
import java.security.SignatureException
import java.security.SignatureSpi
import java.security.cert.Certificate
import java.security.spec.AlgorithmParameterSpec
import java.security.spec.KeySpec
import java.util.Collections
import java.util.Date
import java.util.Enumeration
import javax.crypto.Cipher
import javax.crypto.CipherSpi
import javax.crypto.IllegalBlockSizeException
import javax.crypto.KeyGenerator
import javax.crypto.KeyGeneratorSpi
import javax.crypto.SecretKey
import javax.crypto.SecretKeyFactorySpi
import javax.crypto.spec.GCMParameterSpec
import android.security.KeyStoreException as SystemKeyStoreException

/** The provider "AndroidKeyStore" over [Hardware]: what the seam asks of it works, nothing else is there. */
class FakeAndroidKeyStore private constructor() : Provider(NAME, "1", "The Android Keystore of a phone that is not there") {
    init {
        service("KeyStore", NAME) { FakeKeyStore() }
        for (algorithm in listOf("EC", "RSA")) {
            service("KeyPairGenerator", algorithm) { FakePairs(algorithm) }
            service("KeyFactory", algorithm) { FakeInfo() }
        }
        service("KeyGenerator", "AES") { FakeSecrets() }
        service("SecretKeyFactory", "AES") { FakeSecretInfo() }
        service("Signature", "SHA256withECDSA") { FakeSignature() }
        service("Cipher", "AES/GCM/NoPadding") { FakeAes() }
        service("Cipher", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding") { FakeRsa() }
    }

    private fun service(
        type: String,
        algorithm: String,
        make: () -> Any,
    ) = putService(
        object : Service(this, type, algorithm, "fake", null, null) {
            override fun newInstance(parameter: Any?): Any = make()

            override fun supportsParameter(parameter: Any?): Boolean = parameter is HardwarePrivateKey || parameter is HardwareSecretKey
        },
    )

    companion object {
        const val NAME = "AndroidKeyStore"

        /** Puts it before all others, over a new [Hardware]. */
        fun install() {
            Security.removeProvider(NAME)
            Security.insertProviderAt(FakeAndroidKeyStore(), 1)
            Hardware.reset()
        }

        /** It would stand before the real providers in tests that know no Android. */
        fun remove(): Unit = Security.removeProvider(NAME)
    }
}

private class FakeKeyStore : KeyStoreSpi() {
    override fun engineGetKey(
        alias: String,
        password: CharArray?,
    ): Key? {
        Hardware.fail(Hardware.Act.LOAD)
        val entry = Hardware.entries[alias] ?: return null
        return entry.pair?.let { HardwarePrivateKey(alias, it.private.algorithm) } ?: HardwareSecretKey(alias)
    }

    override fun engineGetCertificateChain(alias: String): Array<Certificate>? = Hardware.entries[alias]?.chain?.toTypedArray()

    override fun engineGetCertificate(alias: String): Certificate? = Hardware.entries[alias]?.chain?.firstOrNull()

    override fun engineContainsAlias(alias: String): Boolean {
        Hardware.fail(Hardware.Act.CONTAINS)
        return alias in Hardware.entries
    }

    override fun engineDeleteEntry(alias: String) {
        Hardware.fail(Hardware.Act.DELETE)
        Hardware.entries.remove(alias)
    }

    override fun engineAliases(): Enumeration<String> = Collections.enumeration(Hardware.entries.keys)

    override fun engineSize(): Int = Hardware.entries.size

    override fun engineIsKeyEntry(alias: String): Boolean = alias in Hardware.entries

    override fun engineIsCertificateEntry(alias: String): Boolean = false

    override fun engineLoad(
        stream: InputStream?,
        password: CharArray?,
    ) = Unit

    override fun engineGetCreationDate(alias: String): Date? = null

    override fun engineGetCertificateAlias(certificate: Certificate?): String? = null

    override fun engineSetKeyEntry(
        alias: String?,
        key: Key?,
        password: CharArray?,
        chain: Array<out Certificate>?,
    ): Unit = throw UnsupportedOperationException()

    override fun engineSetKeyEntry(
        alias: String?,
        key: ByteArray?,
        chain: Array<out Certificate>?,
    ): Unit = throw UnsupportedOperationException()

    override fun engineSetCertificateEntry(
        alias: String?,
        certificate: Certificate?,
    ): Unit = throw UnsupportedOperationException()

    override fun engineStore(
        stream: OutputStream?,
        password: CharArray?,
    ): Unit = throw UnsupportedOperationException()
}

private class FakePairs(
    private val algorithm: String,
) : KeyPairGeneratorSpi() {
    private lateinit var spec: KeyGenParameterSpec

    override fun initialize(
        size: Int,
        random: SecureRandom?,
    ): Unit = throw UnsupportedOperationException()

    override fun initialize(
        parameters: AlgorithmParameterSpec,
        random: SecureRandom?,
    ) {
        spec = parameters as KeyGenParameterSpec
    }

    override fun generateKeyPair(): KeyPair {
        Hardware.accept(spec)
        val real =
            elsewhere { KeyPairGenerator.getInstance(algorithm, it) }
                .apply { initialize(spec.algorithmParameterSpec) }
                .generateKeyPair()
        Hardware.entries[spec.keystoreAlias] = Hardware.Entry(spec, real, null, Hardware.vouch(real.public, spec))
        return KeyPair(real.public, HardwarePrivateKey(spec.keystoreAlias, algorithm))
    }
}

private class FakeSecrets : KeyGeneratorSpi() {
    private lateinit var spec: KeyGenParameterSpec

    override fun engineInit(random: SecureRandom?): Unit = throw UnsupportedOperationException()

    override fun engineInit(
        parameters: AlgorithmParameterSpec,
        random: SecureRandom?,
    ) {
        spec = parameters as KeyGenParameterSpec
    }

    override fun engineInit(
        size: Int,
        random: SecureRandom?,
    ): Unit = throw UnsupportedOperationException()

    override fun engineGenerateKey(): SecretKey {
        Hardware.accept(spec)
        val real = elsewhere { KeyGenerator.getInstance("AES", it) }.apply { init(spec.keySize) }.generateKey()
        Hardware.entries[spec.keystoreAlias] = Hardware.Entry(spec, null, real, emptyList())
        return HardwareSecretKey(spec.keystoreAlias)
    }
}

private class FakeInfo : KeyFactorySpi() {
    @Suppress("UNCHECKED_CAST")
    override fun <T : KeySpec> engineGetKeySpec(
        key: Key,
        type: Class<T>,
    ): T = Hardware.info(key.alias()).also { check(type == KeyInfo::class.java) } as T

    override fun engineGeneratePublic(spec: KeySpec?): PublicKey = throw java.security.spec.InvalidKeySpecException()

    override fun engineGeneratePrivate(spec: KeySpec?): PrivateKey = throw java.security.spec.InvalidKeySpecException()

    override fun engineTranslateKey(key: Key?): Key = throw InvalidKeyException()
}

private class FakeSecretInfo : SecretKeyFactorySpi() {
    override fun engineGetKeySpec(
        key: SecretKey,
        type: Class<*>?,
    ): KeySpec = Hardware.info(key.alias())

    override fun engineGenerateSecret(spec: KeySpec?): SecretKey = throw java.security.spec.InvalidKeySpecException()

    override fun engineTranslateKey(key: SecretKey?): SecretKey = throw InvalidKeyException()
}

private class FakeSignature : SignatureSpi() {
    private var alias = ""
    private var operation = 0L
    private lateinit var real: Signature

    override fun engineInitSign(key: PrivateKey) {
        alias = key.alias()
        operation = Hardware.begin(alias, KeyProperties.PURPOSE_SIGN)
        real = elsewhere { Signature.getInstance(ES256, it) }
        real.initSign(
            Hardware.entries
                .getValue(alias)
                .pair!!
                .private,
        )
    }

    override fun engineInitVerify(key: PublicKey?): Unit = throw InvalidKeyException()

    override fun engineUpdate(byte: Byte): Unit = real.update(byte)

    override fun engineUpdate(
        bytes: ByteArray,
        offset: Int,
        length: Int,
    ): Unit = real.update(bytes, offset, length)

    override fun engineSign(): ByteArray {
        try {
            Hardware.finish(alias, operation)
        } catch (failure: SystemKeyStoreException) {
            // As the system does it.
            throw SignatureException(failure)
        }
        return real.sign()
    }

    override fun engineVerify(signature: ByteArray?): Boolean = throw SignatureException()

    @Deprecated("of Java")
    override fun engineSetParameter(
        name: String?,
        value: Any?,
    ): Unit = throw UnsupportedOperationException()

    /** How the prompt learns which operation it approves. */
    @Deprecated("of Java")
    override fun engineGetParameter(name: String?): Any = operation

    private companion object {
        const val ES256 = "SHA256withECDSA"
    }
}

private abstract class FakeCipher(
    private val name: String,
) : CipherSpi() {
    protected lateinit var real: Cipher
    protected var operation = 0L
    private var alias = ""

    override fun engineInit(
        mode: Int,
        key: Key,
        random: SecureRandom?,
    ): Unit = engineInit(mode, key, null as AlgorithmParameterSpec?, random)

    override fun engineInit(
        mode: Int,
        key: Key,
        parameters: AlgorithmParameterSpec?,
        random: SecureRandom?,
    ) {
        alias = key.alias()
        val purpose = if (mode == Cipher.ENCRYPT_MODE) KeyProperties.PURPOSE_ENCRYPT else KeyProperties.PURPOSE_DECRYPT
        if (parameters is GCMParameterSpec && mode == Cipher.ENCRYPT_MODE) throw InvalidKeyException("Caller-provided IV not permitted")
        operation = Hardware.begin(alias, purpose)
        real = elsewhere { Cipher.getInstance(name, it) }
        val entry = Hardware.entries.getValue(alias)
        val inside: Key = entry.secret ?: entry.pair!!.private
        if (parameters == null) real.init(mode, inside) else real.init(mode, inside, parameters)
    }

    override fun engineInit(
        mode: Int,
        key: Key,
        parameters: AlgorithmParameters?,
        random: SecureRandom?,
    ): Unit = throw UnsupportedOperationException()

    override fun engineUpdateAAD(
        bytes: ByteArray,
        offset: Int,
        length: Int,
    ): Unit = real.updateAAD(bytes, offset, length)

    override fun engineDoFinal(
        bytes: ByteArray,
        offset: Int,
        length: Int,
    ): ByteArray {
        try {
            Hardware.finish(alias, operation)
        } catch (failure: SystemKeyStoreException) {
            // As the system does it: the class says nothing, the cause all.
            throw IllegalBlockSizeException().apply { initCause(failure) }
        }
        return real.doFinal(bytes, offset, length)
    }

    override fun engineSetMode(mode: String?) = Unit

    override fun engineSetPadding(padding: String?) = Unit

    override fun engineGetBlockSize(): Int = real.blockSize

    override fun engineGetOutputSize(length: Int): Int = real.getOutputSize(length)

    override fun engineGetParameters(): AlgorithmParameters? = real.parameters

    override fun engineUpdate(
        bytes: ByteArray?,
        offset: Int,
        length: Int,
    ): ByteArray = throw UnsupportedOperationException()

    override fun engineUpdate(
        bytes: ByteArray?,
        offset: Int,
        length: Int,
        output: ByteArray?,
        outputOffset: Int,
    ): Int = throw UnsupportedOperationException()

    override fun engineDoFinal(
        bytes: ByteArray?,
        offset: Int,
        length: Int,
        output: ByteArray?,
        outputOffset: Int,
    ): Int = throw UnsupportedOperationException()
}

private class FakeAes : FakeCipher("AES/GCM/NoPadding") {
    override fun engineGetIV(): ByteArray = real.iv
}

private class FakeRsa : FakeCipher("RSA/ECB/OAEPWithSHA-256AndMGF1Padding") {
    /** How the prompt learns which operation it approves. */
    override fun engineGetIV(): ByteArray =
        java.nio.ByteBuffer
            .allocate(Long.SIZE_BYTES)
            .putLong(operation)
            .array()
}

/** The same algorithm by a provider that has the key's bytes: never this one, which would ask itself. */
private fun <T> elsewhere(get: (Provider) -> T): T =
    Security
        .getProviders()
        .filter { it.name != FakeAndroidKeyStore.NAME }
        .firstNotNullOf { provider -> runCatching { get(provider) }.getOrNull() }
