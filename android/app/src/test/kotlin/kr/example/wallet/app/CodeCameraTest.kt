package kr.example.wallet.app

import android.graphics.SurfaceTexture
import android.hardware.camera2.CameraAccessException
import android.hardware.camera2.CameraCaptureSession
import android.hardware.camera2.CameraCharacteristics
import android.hardware.camera2.CameraDevice
import android.hardware.camera2.CameraManager
import android.hardware.camera2.CaptureRequest
import android.hardware.camera2.TotalCaptureResult
import android.hardware.camera2.params.InputConfiguration
import android.hardware.camera2.params.OutputConfiguration
import android.os.Handler
import android.view.Surface
import android.view.TextureView
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.ShadowCameraCharacteristics
import org.robolectric.shadows.ShadowCameraManager
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue

/** A camera that is refused, taken away, or late. */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [CodeCameraTest.Cameras::class])
// Of native graphics a camera's memory is no part: the process would end.
@GraphicsMode(GraphicsMode.Mode.LEGACY)
class CodeCameraTest {
    private var failures = 0
    private val camera by lazy { CodeCamera(RuntimeEnvironment.getApplication(), {}, { failures += 1 }) }

    @Before
    fun aPhoneWithACamera() {
        Cameras.asked.clear()
        Cameras.refusal = null
        Cameras.answers = Int.MAX_VALUE
        val back = ShadowCameraCharacteristics.newCameraCharacteristics()
        shadowOf(back).set(CameraCharacteristics.LENS_FACING, CameraCharacteristics.LENS_FACING_BACK)
        shadowOf(RuntimeEnvironment.getApplication().getSystemService(CameraManager::class.java)).addCamera("0", back)
    }

    /** There is a place to draw on. */
    private fun available() {
        val listener = checkNotNull((camera.view as TextureView).surfaceTextureListener)
        listener.onSurfaceTextureAvailable(SurfaceTexture(0), 400, 300)
    }

    @Test
    fun `a camera that is refused is told, now or when it would be drawn`() {
        Cameras.refusal = CameraAccessException(CameraAccessException.CAMERA_IN_USE)
        assertTrue(camera.open(), "nothing is asked for yet")
        available()
        assertEquals(1, failures)
        assertFalse(camera.open())
        assertEquals(2, failures)
    }

    @Test
    fun `a camera whose sizes nobody tells is told`() {
        camera.open()
        Cameras.answers = 1
        available()
        assertEquals(1, failures)
    }

    @Test
    fun `a camera that another app takes is closed and told`() {
        camera.open()
        available()
        val device = Device()
        Cameras.asked.single().onDisconnected(device)
        assertTrue(device.isClosed)
        assertEquals(1, failures)
    }

    @Test
    fun `a camera that fails is closed and told`() {
        camera.open()
        available()
        val device = Device()
        Cameras.asked.single().onError(device, CameraDevice.StateCallback.ERROR_CAMERA_SERVICE)
        assertTrue(device.isClosed)
        assertEquals(1, failures)
    }

    @Test
    fun `a camera that comes late, after it was closed and asked for again, is closed unused`() {
        camera.open()
        available()
        camera.close()
        camera.open()
        assertEquals(2, Cameras.asked.size)
        val late = Device()
        Cameras.asked.first().onOpened(late)
        assertTrue(late.isClosed)
        assertFalse(late.isUsed)
        Cameras.asked.first().onDisconnected(Device())
        assertEquals(0, failures, "it is nobody's any more")
    }

    /** Keeps who asks; nothing opens by itself. */
    @Implements(CameraManager::class)
    internal class Cameras : ShadowCameraManager() {
        @Implementation
        override fun getCameraCharacteristics(id: String): CameraCharacteristics {
            if (answers == 0) throw CameraAccessException(CameraAccessException.CAMERA_ERROR)
            answers -= 1
            return super.getCameraCharacteristics(id)
        }

        @Implementation
        fun openCamera(
            id: String,
            callback: CameraDevice.StateCallback,
            handler: Handler?,
        ) {
            refusal?.let { throw it }
            asked += callback
        }

        companion object {
            val asked = mutableListOf<CameraDevice.StateCallback>()
            var refusal: CameraAccessException? = null

            /** How many questions about a camera are answered. */
            var answers = 0
        }
    }

    /** Says whether it was closed, and whether anybody wanted a picture of it. */
    private class Device : CameraDevice() {
        var isClosed = false
        var isUsed = false

        override fun close() {
            isClosed = true
        }

        override fun getId() = "0"

        override fun createCaptureRequest(template: Int): CaptureRequest.Builder {
            isUsed = true
            throw CameraAccessException(CameraAccessException.CAMERA_ERROR)
        }

        override fun createReprocessCaptureRequest(from: TotalCaptureResult) = createCaptureRequest(0)

        override fun createCaptureSession(
            outputs: List<Surface>,
            callback: CameraCaptureSession.StateCallback,
            handler: Handler?,
        ) = Unit

        override fun createCaptureSessionByOutputConfigurations(
            outputs: List<OutputConfiguration>,
            callback: CameraCaptureSession.StateCallback,
            handler: Handler?,
        ) = Unit

        override fun createReprocessableCaptureSession(
            input: InputConfiguration,
            outputs: List<Surface>,
            callback: CameraCaptureSession.StateCallback,
            handler: Handler?,
        ) = Unit

        override fun createReprocessableCaptureSessionByConfigurations(
            input: InputConfiguration,
            outputs: List<OutputConfiguration>,
            callback: CameraCaptureSession.StateCallback,
            handler: Handler?,
        ) = Unit

        override fun createConstrainedHighSpeedCaptureSession(
            outputs: List<Surface>,
            callback: CameraCaptureSession.StateCallback,
            handler: Handler?,
        ) = Unit

        override fun createCustomCaptureSession(
            input: InputConfiguration?,
            outputs: List<OutputConfiguration>,
            mode: Int,
            callback: CameraCaptureSession.StateCallback,
            handler: Handler?,
        ) = Unit
    }
}
