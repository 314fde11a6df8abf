package kr.example.wallet.android

import android.util.AtomicFile
import kr.example.wallet.core.AnchorException
import org.junit.Rule
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import java.io.File
import java.io.FileOutputStream
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue

@RunWith(RobolectricTestRunner::class)
class DeviceProtectedAnchorTest {
    @get:Rule val phone = Phone()
    private val folder: File by lazy { phone.application.createDeviceProtectedStorageContext().noBackupFilesDir }
    private val file: File by lazy { File(folder, "walletkit-anchor") }
    private val anchor by lazy { DeviceProtectedAnchor(phone.application) }

    @Test
    fun `it lies in device-protected storage that no backup takes`() =
        patiently {
            anchor.store(byteArrayOf(1, 2, 3))
            assertContentEquals(byteArrayOf(1, 2, 3), file.readBytes())
            assertTrue(phone.application.createDeviceProtectedStorageContext().isDeviceProtectedStorage)
        }

    @Test
    fun `it outlives the object`() =
        patiently {
            anchor.store(byteArrayOf(1, 2, 3))
            assertContentEquals(byteArrayOf(1, 2, 3), DeviceProtectedAnchor(phone.application).load())
        }

    /** Power went while it was written: the new file never took the old one's name. */
    @Test
    fun `a write cut short leaves what was there`() =
        patiently {
            anchor.store(byteArrayOf(1))
            File(folder, "walletkit-anchor.new").writeBytes(ByteArray(100) { 9 })
            assertContentEquals(byteArrayOf(1), anchor.load())
            anchor.store(byteArrayOf(2))
            assertContentEquals(byteArrayOf(2), anchor.load())
        }

    @Test
    fun `a file that is longer than an anchor is not believed`() =
        patiently {
            folder.mkdirs()
            file.writeBytes(ByteArray(257))
            assertEquals(DeviceProtectedAnchor.TOO_LONG, assertFailsWith<AnchorException.Failed> { anchor.load() }.osCode)
        }

    @Test
    fun `a place that cannot be read is not an empty anchor`() {
        patiently {
            file.mkdirs()
            assertFailsWith<AnchorException.Failed> { anchor.load() }
        }
    }

    @Test
    fun `a place that cannot be written fails`() {
        patiently {
            File(file, "in the way").mkdirs()
            assertFailsWith<AnchorException.Failed> { anchor.store(byteArrayOf(1)) }
        }
    }

    @Test
    @Config(shadows = [ForgetfulFile::class])
    fun `a store that did not happen is not reported as one`() =
        patiently {
            folder.mkdirs()
            file.writeBytes(byteArrayOf(1))
            assertEquals(DeviceProtectedAnchor.NOT_STORED, assertFailsWith<AnchorException.Failed> { anchor.store(byteArrayOf(2)) }.osCode)
            assertContentEquals(byteArrayOf(1), anchor.load())
        }

    /** The system's class when the rename fails: it logs that, and says nothing. */
    @Implements(AtomicFile::class)
    class ForgetfulFile {
        @Implementation
        fun finishWrite(stream: FileOutputStream): Unit = stream.close()
    }
}
